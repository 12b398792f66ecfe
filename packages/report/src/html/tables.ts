import { diskText, networkText, noneOrUnknown, timersText, whyUnknown, workText } from '../phrases.ts';
import type { Report, ReportLogItem } from '../report.ts';
import { memoryWord } from '../summary.ts';
import { bytesText, count } from '../units.ts';
import { each, type Markup, markup, NOTHING } from './markup.ts';

/** What memory was used for. */
export function memoryMarkup(report: Report): Markup {
  const { memory } = report;
  if (memory === null) return markup`<h2>Memory</h2><p class="soft">${whyUnknown(report, 'memory')}</p>`;
  const { total = null, free = null } = memory.totals;
  return markup`<h2>Memory</h2>
<details><summary>${amount(total)}, free ${amount(free)}</summary>
<table class="list">${each(
    Object.entries(memory.totals),
    ([name, bytes]) =>
      markup`<tr><th>${memoryWord(name)}</th><td class="number">${amount(bytes)}</td></tr>\n`,
  )}</table>
<table class="list"><tr><th>Zone</th><th>Size</th><th>Free</th><th>Min</th><th>Low</th><th>High</th></tr>
${each(
  memory.zones,
  (zone) =>
    markup`<tr><td>${zone.name} of node ${zone.node}</td><td>${bytesText(zone.managed)}</td><td>${amount(zone.free)}</td><td>${bytesText(zone.min)}</td><td>${bytesText(zone.low)}</td><td>${bytesText(zone.high)}</td></tr>\n`,
)}</table></details>`;
}

/** The loaded modules. */
export function modulesMarkup(report: Report): Markup {
  const { modules } = report;
  return markup`<h2>Modules: ${modules.length}</h2>
${modules.length === 0 ? markup`<p class="soft">${noneOrUnknown(report, 'modules')}</p>` : NOTHING}
<details><summary>${modules.map(({ name, taints }) => (taints === '' ? name : `${name}(${taints})`)).join(' ') || 'none'}</summary>
<table class="list"><tr><th>Name</th><th>Code at</th><th>Size</th><th>State</th><th>Used by</th><th>Taints</th><th>Version</th></tr>
${each(
  modules,
  (module) =>
    markup`<tr><td>${module.name}</td><td><code>${module.base}</code></td><td>${bytesText(module.sizeBytes)}</td><td>${module.state}</td><td>${module.references ?? ''} ${module.users.join(' ')}</td><td>${module.taints}</td><td>${module.version ?? ''}</td></tr>\n`,
)}</table></details>`;
}

/** Work and timers. */
export function workMarkup(report: Report): Markup {
  const { work } = report;
  return markup`<h2>Work and timers</h2>
<p>${timersText(report)}</p>
<ul>${each(work, (item) => markup`<li>${workText(item)}</li>\n`)}</ul>`;
}

/** Mounts, disks and network devices. */
export function devicesMarkup(report: Report): Markup {
  const { mounts, disks, network } = report;
  return markup`<h2>Mounts</h2>
<table class="list">${each(
    mounts,
    ({ source, target, type, options }) =>
      markup`<tr><td>${source}</td><td>${target}</td><td>${type}</td><td>${options.join(',')}</td></tr>\n`,
  )}</table>
${mounts.length === 0 ? markup`<p class="soft">${whyUnknown(report, 'mounts')}</p>` : NOTHING}
<h2>Disks</h2>
${disks.length === 0 ? markup`<p class="soft">${noneOrUnknown(report, 'disks')}</p>` : NOTHING}
<ul>${each(disks, (disk) => markup`<li>${diskText(disk)}</li>\n`)}</ul>
<h2>Network</h2>
${network.length === 0 ? markup`<p class="soft">${noneOrUnknown(report, 'network')}</p>` : NOTHING}
<ul>${each(network, (device) => markup`<li>${networkText(device)}</li>\n`)}</ul>`;
}

/** Build, command line and settings. */
export function settingsMarkup(report: Report): Markup {
  const { machine, sysctls } = report;
  return markup`<h2>Machine and settings</h2>
<table><tr><th>Build</th><td>${machine.version ?? whyUnknown(report, 'machine')}</td></tr>
<tr><th>Build-id</th><td><code>${machine.buildId ?? 'unknown'}</code></td></tr>
<tr><th>Command line</th><td><code>${machine.commandLine ?? whyUnknown(report, 'machine')}</code></td></tr></table>
<details><summary>${count(Object.keys(sysctls).length, 'setting')} that bear on a crash</summary>
<table class="list">${each(
    Object.entries(sysctls),
    ([name, value]) => markup`<tr><td>${name}</td><td class="number">${value}</td></tr>\n`,
  )}</table></details>`;
}

/** Messages of the log that are not folded. */
const LAST = 40;

/** The whole log, all but its end folded. */
export function logMarkup(report: Report): Markup {
  const { log } = report;
  const from = Math.max(0, log.length - LAST);
  const earlier =
    from === 0
      ? NOTHING
      : markup`<details><summary>${count(from, 'earlier message')}</summary><pre>${each(log.slice(0, from), itemMarkup)}</pre></details>`;
  return markup`<h2>Log</h2>
${log.length === 0 ? markup`<p class="soft">${whyUnknown(report, 'log')}</p>` : NOTHING}
${earlier}<pre>${each(log.slice(from), itemMarkup)}</pre>`;
}

function itemMarkup(item: ReportLogItem): Markup {
  if (item.kind === 'gap') {
    return markup`<span class="soft">[${count(item.records, 'message')} missing here: ${item.reason}]</span>\n`;
  }
  const time = `[${(item.nanoseconds / 1e9).toFixed(6).padStart(12)}]`;
  const text = item.level <= 3 ? markup`<span class="bad">${item.text}</span>` : markup`${item.text}`;
  return markup`<span class="soft">${time}</span> ${text}\n`;
}

function amount(bytes: number | null): string {
  return bytes === null ? 'unknown' : bytesText(bytes);
}
