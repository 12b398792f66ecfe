import { holderText, lockText } from '@kcrash/report/phrases';
import type { ReportWait } from '@kcrash/report/report';
import { Address, TaskLink } from '../parts/links.tsx';
import { visible } from '../parts/visible.ts';

/** What is waited for, its address a way to it, and who has it. */
export function Wait({ wait }: { wait: ReportWait }) {
  const { holder } = wait;
  return (
    <span>
      {visible(lockText(wait))}
      {wait.symbol !== null && (
        <>
          {' at '}
          <Address at={wait.address} />
        </>
      )}
      {', '}
      {holder.kind === 'task' ? (
        <>
          held by <TaskLink task={holder.task} />
        </>
      ) : holder.kind === 'readers' && holder.last !== null ? (
        <>
          {visible(holderText({ ...wait, holder: { ...holder, last: null } }))}, the last of them{' '}
          <TaskLink task={holder.last} />
        </>
      ) : (
        visible(holderText(wait))
      )}
    </span>
  );
}
