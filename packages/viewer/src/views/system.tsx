import {
  diskText,
  networkText,
  noneOrUnknown,
  requestText,
  TAINTS,
  timersText,
  workText,
} from '@kcrash/report/phrases';
import type { Report, ReportModule, ReportMount, SectionName } from '@kcrash/report/report';
import { bytesText } from '@kcrash/report/units';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { Address } from '../parts/links.tsx';
import { matcherOf } from '../parts/matcher.ts';
import { SearchBox } from '../parts/search_box.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { visible } from '../parts/visible.ts';
import { route } from '../route.ts';

interface Props<Row> {
  readonly title: string;
  readonly section: SectionName;
  readonly report: Report;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly text: (row: Row) => string;
}

/** A table that is a view of its own, with a box to search in. */
function TableView<Row>({ title, section, report, rows, columns, rowKey, text }: Props<Row>) {
  const { q = '' } = route.value.options;
  const shown = useMemo(() => {
    const matcher = matcherOf(q);
    return matcher === undefined ? rows : rows.filter((row) => matcher(text(row)));
  }, [rows, q, text]);
  return (
    <section class="fill">
      <div class="tools">
        <h1>{title}</h1>
        <SearchBox label={`Search ${title.toLowerCase()}`} />
        <span class="soft">
          {shown.length === rows.length ? rows.length : `${shown.length} of ${rows.length}`}
        </span>
      </div>
      <Table
        label={title}
        columns={columns}
        rows={shown}
        rowKey={rowKey}
        none={rows.length === 0 ? visible(noneOrUnknown(report, section)) : 'Nothing is like that.'}
      />
    </section>
  );
}

const MODULES: readonly Column<ReportModule>[] = [
  { name: 'Name', width: 'minmax(14ch, 24ch)', order: ({ name }) => name, cell: ({ name }) => visible(name) },
  {
    name: 'Size',
    width: '11ch',
    numeric: true,
    order: ({ sizeBytes }) => sizeBytes,
    cell: ({ sizeBytes }) => bytesText(sizeBytes),
  },
  { name: 'Code', width: '21ch', order: ({ base }) => base, cell: ({ base }) => <Address at={base} /> },
  { name: 'State', width: '10ch', wide: true, order: ({ state }) => state, cell: ({ state }) => state },
  {
    name: 'Taints',
    width: '8ch',
    order: ({ taints }) => taints,
    cell: ({ taints }) => <Taints letters={taints} />,
  },
  {
    name: 'Users',
    width: 'minmax(8ch, 1fr)',
    wide: true,
    order: ({ references }) => references ?? -1,
    cell: ({ references, users }) => visible(`${references ?? ''} ${users.join(', ')}`),
  },
  {
    name: 'Version',
    width: 'minmax(8ch, 18ch)',
    wide: true,
    cell: ({ version, srcversion }) => visible(version ?? srcversion ?? ''),
  },
];

function Taints({ letters }: { letters: string }) {
  if (letters === '') return null;
  const meaning = [...letters].map((letter) => `${letter}: ${TAINTS[letter] ?? 'unknown'}`).join('; ');
  return <abbr title={meaning}>{visible(letters)}</abbr>;
}

export function ModulesView({ report }: { report: Report }) {
  return (
    <TableView
      title="Modules"
      section="modules"
      report={report}
      rows={report.modules}
      columns={MODULES}
      rowKey={({ address }) => address}
      text={moduleText}
    />
  );
}

function moduleText({ name, users }: ReportModule): string {
  return `${name} ${users.join(' ')}`;
}

const MOUNTS: readonly Column<ReportMount>[] = [
  {
    name: 'Where',
    width: 'minmax(16ch, 1fr)',
    order: ({ target }) => target,
    cell: ({ target }) => visible(target),
  },
  {
    name: 'What',
    width: 'minmax(12ch, 1fr)',
    order: ({ source }) => source,
    cell: ({ source }) => visible(source),
  },
  { name: 'Type', width: '12ch', order: ({ type }) => type, cell: ({ type }) => visible(type) },
  {
    name: 'Device',
    width: '9ch',
    wide: true,
    order: ({ device }) => device,
    cell: ({ device }) => visible(device),
  },
  {
    name: 'Options',
    width: 'minmax(20ch, 2fr)',
    wide: true,
    cell: ({ options }) => visible(options.join(', ')),
  },
];

export function MountsView({ report }: { report: Report }) {
  return (
    <TableView
      title="Mounts"
      section="mounts"
      report={report}
      rows={report.mounts}
      columns={MOUNTS}
      rowKey={mountText}
      text={mountText}
    />
  );
}

function mountText({ source, target, type, options }: ReportMount): string {
  return `${target} ${source} ${type} ${options.join(',')}`;
}

type Setting = readonly [name: string, value: number];

const SETTINGS: readonly Column<Setting>[] = [
  { name: 'Name', width: 'minmax(20ch, 44ch)', order: ([name]) => name, cell: ([name]) => name },
  {
    name: 'Value',
    width: 'minmax(8ch, 24ch)',
    numeric: true,
    order: ([, value]) => value,
    cell: ([, value]) => value,
  },
];

export function SettingsView({ report }: { report: Report }) {
  const rows = useMemo(() => Object.entries(report.sysctls), [report]);
  return (
    <TableView
      title="Sysctls"
      section="sysctls"
      report={report}
      rows={rows}
      columns={SETTINGS}
      rowKey={settingName}
      text={settingName}
    />
  );
}

function settingName([name]: Setting): string {
  return name;
}

/** Disks, network devices, timers and work. */
export function DevicesView({ report }: { report: Report }) {
  const home = report.network[0]?.namespace;
  return (
    <>
      <h1>Devices</h1>
      <Part title="Disks" none={report.disks.length === 0 && noneOrUnknown(report, 'disks')}>
        {report.disks.map((disk) => (
          <li key={disk.name}>
            {visible(diskText(disk))}
            {disk.requests.length > 0 && (
              <ul>
                {disk.requests.map((request) => (
                  <li key={`${request.operation}${request.startBytes}`} class="finding">
                    {visible(requestText(request))}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </Part>
      <Part title="Network" none={report.network.length === 0 && noneOrUnknown(report, 'network')}>
        {report.network.map((device) => (
          <li key={`${device.namespace} ${device.name}`}>{visible(networkText(device, home))}</li>
        ))}
      </Part>
      <Part title="Work" none={report.work.length === 0 && noneOrUnknown(report, 'work')}>
        {report.work.map((work) => {
          const text = workText(work);
          return <li key={text}>{visible(text)}</li>;
        })}
      </Part>
      <h2>Timers</h2>
      <p>{visible(timersText(report))}</p>
    </>
  );
}

function Part({
  title,
  none,
  children,
}: {
  title: string;
  none: string | false;
  children: ComponentChildren;
}) {
  return (
    <section>
      <h2>{title}</h2>
      {none === false ? <ul class="plain">{children}</ul> : <p class="soft">{visible(none)}</p>}
    </section>
  );
}
