import type { Sort } from '../../domain/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import type { Registry } from '../../kit/session.ts';
import { firstStep } from './first-step.ts';
import type { PulseState } from './session-types.ts';
import type { Line, Size, State, View } from './types.ts';

/** How a list begins: nothing read, the resource's own order. */
export const newView = (
  resource: AnyResource,
  filters: { base?: string; filter?: string; terms?: readonly Term[]; sort?: Sort } = {},
): View => ({
  resource: resource.id,
  base: filters.base ?? '',
  filter: filters.filter ?? '',
  terms: filters.terms ?? [],
  sort: filters.sort ?? resource.page.defaultSort,
  window: { rows: [], moreBefore: false, moreAfter: false },
  cursor: undefined,
  left: undefined,
  top: 0,
  marks: new Set(),
  hidden: 0,
  rangeFrom: undefined,
  count: undefined,
  countedAt: 0,
  first: undefined,
  newer: 0,
  detail: undefined,
  inDetail: false,
  status: 'loading',
  reading: undefined,
  owed: 0,
  error: undefined,
  readAt: 0,
  wide: false,
  scrolled: 0,
  columns: undefined,
});

export const newLine = (text: string): Line => ({ text, completions: [], chosen: -1, past: 0, draft: text, edition: 0 });

/** A session of which nothing is known yet. */
export const newPulse = (now: number): PulseState => ({
  last: undefined,
  lacks: 0,
  beating: false,
  writesUntil: undefined,
  wroteBefore: false,
  codeUntil: 0,
  ahead: 0,
  handedOver: false,
  keyAt: now,
  active: true,
});

export type Beginning = { readonly registry: Registry; readonly size: Size; readonly now: number; readonly seed: string };

/** The state before the database answered for the first time. */
export const initialState = ({ registry, size, now, seed }: Beginning): State => {
  const [first] = registry.resources;
  if (!first) throw new Error('there is no pane to show');
  return {
    size,
    registry,
    seed,
    requests: 0,
    session: undefined,
    gate: undefined,
    pulse: newPulse(now),
    starting: firstStep,
    view: newView(first),
    back: [],
    forward: [],
    mode: { kind: 'browse' },
    flash: undefined,
    flashedAt: 0,
    paused: false,
    follow: false,
    lostSince: undefined,
    done: [],
    unsettled: [],
    commands: [],
    filters: [],
    saved: {},
    columns: {},
    refreshing: false,
    stream: { lines: [], reading: false },
    now,
    asked: { page: 0, count: 0, detail: 0, refresh: 0, marks: 0, pulse: 0 },
  };
};
