import { AskBox } from '../parts/ask_box.tsx';
import { useAsked } from '../parts/asked.ts';
import { visible } from '../parts/visible.ts';
import type { MemoryAnswer, MemoryPiece } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';

const BYTES = 1024;
const IN_A_LINE = 16;
const PAGE = 4096n;

/** Bytes at an address, and why there are none: `#address=0xffff…`, `#address=init_task`, `#address=physical:0x1000`. */
export function MemoryAtView({ worker }: { worker: WorkerClient }) {
  const { argument } = route.value;
  const asked = useAsked(worker, 'memory', argument === '' ? undefined : [argument, BYTES]);
  return (
    <>
      <div class="tools">
        <h1>Memory at</h1>
        <AskBox
          view="address"
          label="Address or symbol"
          hint="0xffffffff81000000, init_task, physical:0x1000"
        />
      </div>
      {argument === '' && <p class="soft">Give an address, or the name of a function or a variable.</p>}
      {asked.kind === 'refused' && <p>{visible(asked.message)}</p>}
      {asked.kind === 'answer' && <Told answer={asked.value} physical={argument.startsWith('physical:')} />}
    </>
  );
}

function Told({ answer, physical }: { answer: MemoryAnswer; physical: boolean }) {
  const { symbol, pieces } = answer;
  const address = BigInt(answer.address);
  const to = (at: bigint) => {
    const hex = `0x${BigInt.asUintN(64, at).toString(16)}`;
    return routeHash('address', physical ? `physical:${hex}` : hex);
  };
  return (
    <>
      <p class="way-about">
        <a href={to(address - BigInt(BYTES))}>← {BYTES} bytes</a>
        <a href={to(address + BigInt(BYTES))}>{BYTES} bytes →</a>
        <a href={to(address & ~(PAGE - 1n))}>start of page</a>
        <a href={to((address & ~(PAGE - 1n)) - PAGE)}>← page</a>
        <a href={to((address & ~(PAGE - 1n)) + PAGE)}>page →</a>
      </p>
      <p>
        <code>{answer.address}</code>
        {symbol !== null && (
          <>
            {' is '}
            <b>{visible(symbol)}</b>
          </>
        )}
      </p>
      <section class="hex" tabIndex={0} aria-label="Bytes">
        {pieces.map((piece) => (
          <Piece key={piece.start} piece={piece} physical={physical} />
        ))}
      </section>
    </>
  );
}

function Piece({ piece, physical }: { piece: MemoryPiece; physical: boolean }) {
  const place = piece.physical;
  return (
    <>
      <p class="page">
        {place === null ? (
          'no page'
        ) : (
          <>
            page frame {Math.floor(place / Number(PAGE))}
            {!physical && (
              <>
                {', physical '}
                <a href={routeHash('address', `physical:0x${place.toString(16)}`)}>0x{place.toString(16)}</a>
              </>
            )}
          </>
        )}
      </p>
      {piece.bytes === null ? (
        <p class="absent">{visible(piece.reason ?? 'absent')}</p>
      ) : (
        <pre>
          {linesOf(piece).map(({ at, words, text }) => (
            <div key={at}>
              <span class="soft">{at}</span>
              {'  '}
              {words}
              {'  '}
              <span class="soft">{text}</span>
            </div>
          ))}
        </pre>
      )}
    </>
  );
}

function linesOf({ start, bytes }: MemoryPiece) {
  const cells = bytes?.match(/../g) ?? [];
  const lines = [];
  for (let n = 0; n < cells.length; n += IN_A_LINE) {
    const line = cells.slice(n, n + IN_A_LINE);
    const at = BigInt.asUintN(64, BigInt(start) + BigInt(n))
      .toString(16)
      .padStart(16, '0');
    lines.push({ at, words: wordsOf(line), text: line.map(character).join('') });
  }
  return lines;
}

/** The bytes of a line; eight that look like an address of the kernel's are a way there. */
function wordsOf(cells: readonly string[]) {
  const halves = [cells.slice(0, 8), cells.slice(8)];
  return halves.map((half, n) => {
    const text = half.join(' ').padEnd(23);
    const value = half.length === 8 ? half.toReversed().join('') : '';
    const gap = n === 0 ? '  ' : '';
    if (!/^ff(?!f{14}$)/.test(value)) return `${text}${gap}`;
    return (
      <span key={n === 0 ? 'low' : 'high'}>
        <a href={routeHash('address', `0x${value}`)}>{text}</a>
        {gap}
      </span>
    );
  });
}

function character(cell: string): string {
  const code = Number.parseInt(cell, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
}
