import { groupProblems } from '@kcrash/report/groups';
import { TAINTS, whyUnknown } from '@kcrash/report/phrases';
import type { Report } from '@kcrash/report/report';
import { crashTitle, machineText, whenText, whereText } from '@kcrash/report/summary';
import { bytesText, count } from '@kcrash/report/units';
import type { ComponentChildren } from 'preact';
import { Address, TaskLink } from '../parts/links.tsx';
import { Code, FrameLine, Registers, Stack } from '../parts/stack.tsx';
import { visible } from '../parts/visible.ts';
import type { Overview } from '../protocol.ts';
import { routeHash } from '../route.ts';
import { placeOfFinding } from './findings.ts';

/** What happened, on one screen. */
export function SummaryView({ overview }: { overview: Overview }) {
  const { report } = overview;
  const { panic } = report;
  return (
    <>
      <header class="crash">
        <h1>{visible(crashTitle(report))}</h1>
        {panic.reason.length > 0 && (
          <pre class="reason">{panic.reason.map((line) => `${visible(line)}\n`)}</pre>
        )}
      </header>
      <div class="columns">
        <section>
          <h2>What to look at next</h2>
          <Next overview={overview} />
        </section>
        <section>
          <h2>Where and when</h2>
          <Facts overview={overview} />
        </section>
      </div>
      <section>
        <h2>Stack of the crash</h2>
        {panic.stackEnd === null ? (
          <p class="soft">{visible(whyUnknown(report, 'panic'))}</p>
        ) : (
          <Stack frames={panic.stack} end={panic.stackEnd} />
        )}
        {panic.at === null && panic.logged !== null && panic.logged.stack.length > 0 && (
          <>
            <p>By the log:</p>
            <pre>{panic.logged.stack.map((line) => `${visible(line)}\n`)}</pre>
          </>
        )}
      </section>
      <CrashRegisters report={report} />
      <Problems report={report} />
    </>
  );
}

function Next({ overview }: { overview: Overview }) {
  const { findings, tasks, crashAt, logRecords } = overview;
  return (
    <ul class="next">
      {findings.map((text) => (
        <li key={text} class="finding">
          <a href={placeOfFinding(text)}>{visible(text)}</a>
        </li>
      ))}
      <li>
        <a href={routeHash('log', crashAt === null ? '' : String(crashAt))}>
          {crashAt === null ? `The log, ${count(logRecords, 'record')}` : 'What the log says of the crash'}
        </a>
      </li>
      <li>
        <a href={routeHash('tasks')}>
          {count(tasks.total, 'task')}
          {tasks.total > 0 && `: ${tasks.states}`}
        </a>
      </li>
    </ul>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ overview }: { overview: Overview }) {
  const { report, files, container } = overview;
  const { panic, taint, machine } = report;
  return (
    <dl class="facts">
      <Fact name="Where">
        {panic.at === null ? visible(whereText(report)) : <FrameLine frame={panic.at} />}
      </Fact>
      <Fact name="Task">
        {panic.task === null ? 'unknown' : <TaskLink task={panic.task} />}
        {panic.cpu !== null && (
          <>
            {' on '}
            <a href={routeHash('cpus', String(panic.cpu))}>CPU {panic.cpu}</a>
          </>
        )}
      </Fact>
      <Fact name="When">{visible(whenText(report))}</Fact>
      <Fact name="Kernel">
        {visible(`${report.release ?? 'unknown'} ${machine.architecture ?? ''}`)}
        {machine.version !== null && <div class="soft">{visible(machine.version)}</div>}
      </Fact>
      <Fact name="Taint">
        {taint === null ? visible(whyUnknown(report, 'taint')) : visible(taint.text.trim())}
        {[...(taint?.letters ?? '')].map((letter) => (
          <div key={letter} class="soft">
            {letter}: {TAINTS[letter] ?? 'unknown'}
          </div>
        ))}
      </Fact>
      <Fact name="Machine">{visible(machineText(report))}</Fact>
      <Fact name="Command line">
        <code>{visible(machine.commandLine ?? whyUnknown(report, 'machine'))}</code>
      </Fact>
      <Fact name="Kind">{visible(report.kind ?? 'unknown')}</Fact>
      <Fact name="Hash">
        <code>{report.hash ?? whyUnknown(report, 'title')}</code>
      </Fact>
      <Fact name="Dump">
        {files.map(({ name, bytes }) => (
          <div key={name}>
            {visible(name)}, {bytesText(bytes)}
          </div>
        ))}
        <span class="soft">
          {container.format}
          {container.compression !== null && `, ${container.compression}`}
          {container.dumpLevel !== null && `, dump level ${container.dumpLevel}`}
          {container.incomplete && ', incomplete'}
        </span>
      </Fact>
    </dl>
  );
}

function CrashRegisters({ report }: { report: Report }) {
  const { registers, registersFrom, code } = report.panic;
  return (
    <section>
      <h2>Registers {registersFrom === 'exception' ? 'where it failed' : 'when the CPU was stopped'}</h2>
      {registers === null ? (
        <p class="soft">{visible(whyUnknown(report, 'panic'))}</p>
      ) : (
        <Registers registers={registers} />
      )}
      {code !== null && (
        <>
          <h3>
            Code from <Address at={code.start} />
          </h3>
          <Code code={code} />
        </>
      )}
    </section>
  );
}

function Problems({ report }: { report: Report }) {
  if (report.problems.length === 0) return null;
  return (
    <section id="problems">
      <h2>What could not be read</h2>
      <ul>
        {groupProblems(report.problems).map(({ reason, missing }) => (
          <li key={reason}>
            {visible(reason)}: <span class="soft">{visible(missing.join(', '))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
