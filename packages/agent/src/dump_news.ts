import type { KeptDump } from './keep_dump.ts';
import { SUMMARY_LIMIT } from './reboot_files.ts';

/** Of a summary at most this much is told of the dump: what crashed is worth more. */
const NEWS_LIMIT = 600;

/** What a person must know of a dump that is not as it should be; null where it is. */
export function dumpNews(dump: KeptDump): string | null {
  if (dump.path === null) return `No dump: ${dump.failed.join('; ')}`;
  const news: string[] = [];
  if (dump.failed.length > 0) news.push(`Dump by ${dump.engine}, since ${dump.failed.join('; ')}`);
  if (!dump.complete)
    news.push(`Dump cut to the room there was${dump.leftOut === null ? '' : `: ${dump.leftOut}`}`);
  return news.length === 0 ? null : news.join('\n');
}

/** A summary of the crash with the news of its dump at the end, within the summary's limit. */
export function withNews(summary: string, news: string): string {
  const end = news.slice(0, NEWS_LIMIT).trimEnd();
  return `${summary.slice(0, SUMMARY_LIMIT - 2 - end.length).trimEnd()}\n${end}`;
}
