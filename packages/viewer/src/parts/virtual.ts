import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

/** Rows that are drawn beyond those in sight. */
const OVERSCAN = 6;

/** What of a long list is in sight. */
export interface Sight {
  readonly items: readonly VirtualItem[];
  /** Height of all rows, in pixels. */
  readonly height: number;
  /** Brings a row into the middle of the list. */
  show(index: number): void;
}

/**
 * The rows of a long list that are to be drawn. `heights` gives each row's height in pixels; `layout` is anything that
 * changes when heights do.
 */
export function useSight(
  list: RefObject<HTMLElement | null>,
  count: number,
  heights: (index: number) => number,
  layout: unknown,
): Sight {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const options = {
    count,
    getScrollElement: () => list.current,
    estimateSize: heights,
    overscan: OVERSCAN,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  // `layout` stands for what `heights` depends on.
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, layout]);
  return {
    items: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    show: (index) => virtualizer.scrollToIndex(index, { align: 'center' }),
  };
}
