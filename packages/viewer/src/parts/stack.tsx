import { placeText, repeatedFrames } from '@kcrash/report/phrases';
import type { ReportCode, ReportFrame, ReportRegisters, StackEnd } from '@kcrash/report/report';
import { codeLines } from '@kcrash/report/summary';
import { Address } from './links.tsx';
import { visible } from './visible.ts';

/** A stack, innermost function first; a line says where it goes on on another stack. */
export function Stack({ frames, end }: { frames: readonly ReportFrame[]; end: StackEnd | null }) {
  let stack = 'task';
  const lines = repeatedFrames(frames).map(({ frame, times }, n) => {
    const on = frame.stack ?? stack;
    const turn = on !== stack;
    stack = on;
    return (
      <li key={n}>
        {turn && <span class="turn">{on.toUpperCase()} stack</span>}
        <FrameLine frame={frame} />
        {n > 0 && frame.interrupted && <span class="soft"> ← interrupted here</span>}
        {times > 1 && <span class="soft"> ({times} times)</span>}
      </li>
    );
  });
  return (
    <div class="stack">
      {lines.length > 0 && <ol>{lines}</ol>}
      {end?.detail != null && (
        <p class="soft">
          {frames.length === 0 ? 'No stack: ' : 'Not followed further: '}
          {visible(end.detail)}
        </p>
      )}
    </div>
  );
}

/** A function of a stack; its address is a way to the code. */
export function FrameLine({ frame }: { frame: ReportFrame }) {
  const place = placeText(frame);
  const name = frame.symbol ?? place;
  return (
    <span class="frame">
      <Address at={frame.address} />
      {frame.certainty === 'guess' && (
        <abbr class="soft" title="No frame led here: it may be left over from an earlier call">
          ?
        </abbr>
      )}
      <span>
        <b>{visible(name)}</b>
        {visible(place.slice(name.length))}
      </span>
    </span>
  );
}

/** Registers; every value is a way to the memory there. */
export function Registers({ registers }: { registers: ReportRegisters }) {
  return (
    <dl class="registers">
      {Object.entries(registers).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Address at={value}>{value.slice(2)}</Address>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Bytes of code, the one that `ip` points at marked. */
export function Code({ code }: { code: ReportCode }) {
  return (
    <pre class="code">
      {codeLines(code, 16).map((line) => {
        const [before = '', marked, after = ''] = line.split(/<(..)>/);
        return (
          <>
            {before}
            {marked !== undefined && <mark>{marked}</mark>}
            {after}
            {'\n'}
          </>
        );
      })}
    </pre>
  );
}
