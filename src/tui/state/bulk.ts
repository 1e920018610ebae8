import type { RecordResult } from '../../kit/run-bulk.ts';
import type { Step } from './effects.ts';
import type { Event, Happening, Intent } from './events.ts';
import { scrolledBy } from './help.ts';
import { layoutOf } from './layout.ts';
import { remember } from './done.ts';
import { matchMarks } from './reading.ts';
import { andThen, browsing, stay, step, withFlash, withMode, withView } from './step.ts';
import { readView } from './views.ts';
import type { BulkState, ConfirmState, State } from './types.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** As for the confirm button, in milliseconds. */
const armingTime = 300;

const withBulk = (state: State, bulk: BulkState): State => withMode(state, { kind: 'bulk', bulk });

/** Done, or as good: a second person decides the rest. */
export const isThrough = ({ outcome }: RecordResult): boolean => outcome.ok || outcome.refusal.kind === 'waiting-for-approval';

/** Begins a bulk with the first record, the canary. */
export const beginBulk = (state: State, confirm: ConfirmState, ids: readonly string[], at: number): Step => {
  const form = { ...confirm.form, ids };
  const bulk: BulkState = {
    form,
    total: ids.length,
    results: [],
    atCanary: false,
    focus: 'stop',
    armedAt: 0,
    aborting: false,
    startedAt: at,
    finished: undefined,
    scroll: 0,
  };
  return step(withBulk(state, bulk), { kind: 'run-bulk', confirm: { ...confirm, form } });
};

const bulkOf = (state: State, request: string): BulkState | undefined =>
  state.mode.kind === 'bulk' && state.mode.bulk.form.request === request ? state.mode.bulk : undefined;

export const recordsFinished = (state: State, { request, results, atCanary, at }: Of<'records-finished'>): Step => {
  const bulk = bulkOf(state, request);
  if (!bulk) return stay(state);
  const receipts = results.flatMap(({ outcome }) => (outcome.ok ? [outcome.value] : []));
  const next = withBulk(remember(state, receipts, at), {
    ...bulk,
    results: [...bulk.results, ...results],
    atCanary,
    focus: 'stop',
    armedAt: at + armingTime,
  });
  return atCanary ? step(next, { kind: 'wake', at: at + armingTime }) : stay(next);
};

export const bulkFinished = (state: State, { request, outcome }: Of<'bulk-finished'>): Step => {
  const bulk = bulkOf(state, request);
  if (!bulk) return stay(state);
  if (!outcome.ok) {
    const { message, next } = outcome.refusal;
    const done = bulk.results.length;
    return stay(withFlash(browsing(state), 'bad', `${message}; ${done} of ${bulk.total} were done before`, next));
  }
  const { value } = outcome;
  const ended = withBulk(state, { ...bulk, results: value.results, atCanary: false, finished: value, scroll: 0 });
  const all = value.results.every(isThrough) && value.skipped === 0;
  return stay(withFlash(ended, all ? 'good' : 'warn', value.summary));
};

const proceed = (state: State, bulk: BulkState, yes: boolean): Step =>
  step(withBulk(state, { ...bulk, atCanary: false, aborting: !yes }), { kind: 'proceed', yes });

/** What was done loses its mark; what was left out or refused keeps it, for a decision of its own. */
const closed = (state: State, { results }: BulkState): Step => {
  const marks = new Set(state.view.marks);
  for (const result of results) if (isThrough(result)) marks.delete(result.id);
  const next = withView(browsing(state), { marks, rangeFrom: undefined });
  const told =
    marks.size > 0
      ? withFlash(next, 'info', `${marks.size.toLocaleString('en')} were not done and are still marked`, 'x acts on them')
      : next;
  return andThen(readView(told), matchMarks);
};

const atCanary = (state: State, bulk: BulkState, intent: Intent, at: number): Step => {
  switch (intent.name) {
    case 'tabbed':
    case 'back-tabbed':
    case 'stepped':
      return stay(withBulk(state, { ...bulk, focus: bulk.focus === 'stop' ? 'go-on' : 'stop' }));
    case 'confirmed':
      return at < bulk.armedAt ? stay(state) : proceed(state, bulk, bulk.focus === 'go-on');
    case 'escaped':
    case 'interrupted':
      return proceed(state, bulk, false);
    default:
      return stay(state);
  }
};

/** Keys while a bulk runs, waits after its first record, or shows what came of each record. */
export const bulkPressed = (state: State, bulk: BulkState, intent: Intent, at: number): Step => {
  if (intent.name === 'moved') {
    return stay(withBulk(state, { ...bulk, scroll: scrolledBy(bulk.scroll, intent.by, layoutOf(state.size).bodyLines) }));
  }
  if (bulk.atCanary) return atCanary(state, bulk, intent, at);
  const leaves = intent.name === 'escaped' || intent.name === 'interrupted';
  if (bulk.finished) return leaves || intent.name === 'confirmed' || intent.name === 'quit-asked' ? closed(state, bulk) : stay(state);
  if (!leaves || bulk.aborting) return stay(state);
  const told = withFlash(withBulk(state, { ...bulk, aborting: true }), 'warn', 'stopping after the record that is under way');
  return andThen(stay(told), next => step(next, { kind: 'abort-bulk' }));
};
