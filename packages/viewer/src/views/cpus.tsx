import { whyUnknown } from '@kcrash/report/phrases';
import type { Report, ReportCpu } from '@kcrash/report/report';
import { cpuText } from '@kcrash/report/summary';
import { useEffect, useRef } from 'preact/hooks';
import { TaskLink } from '../parts/links.tsx';
import { Registers, Stack } from '../parts/stack.tsx';
import { visible } from '../parts/visible.ts';
import { route } from '../route.ts';
import { Wait } from './wait_text.tsx';

/** What each CPU was doing, side by side. */
export function CpusView({ report }: { report: Report }) {
  return (
    <>
      <h1>CPUs</h1>
      {report.cpus.length === 0 && <p class="soft">{visible(whyUnknown(report, 'cpus'))}</p>}
      <div class="cpus">
        {report.cpus.map((cpu) => (
          <Cpu key={cpu.cpu} cpu={cpu} wanted={route.value.argument === String(cpu.cpu)} />
        ))}
      </div>
    </>
  );
}

function Cpu({ cpu, wanted }: { cpu: ReportCpu; wanted: boolean }) {
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (wanted) card.current?.scrollIntoView({ block: 'nearest' });
  }, [wanted]);
  return (
    <section ref={card} class={`card${cpu.crashed ? ' crashed' : ''}${wanted ? ' chosen' : ''}`}>
      <h2>CPU {cpu.cpu}</h2>
      <p>
        {cpu.task === null ? (
          'task unknown'
        ) : (
          <>
            <TaskLink task={cpu.task} />
            {visible(cpuText({ ...cpu, task: null }).replace('task unknown', ''))}
          </>
        )}
      </p>
      {cpu.spinning !== null && (
        <p class="bad">
          Spins for <Wait wait={cpu.spinning} />
        </p>
      )}
      <Stack frames={cpu.stack} end={cpu.stackEnd} />
      {cpu.registers !== null && (
        <details>
          <summary>Registers</summary>
          <Registers registers={cpu.registers} />
        </details>
      )}
    </section>
  );
}
