import type { Keyed, Page } from '../../src/domain/page.ts';
import { done, invalid, stale, unknown, type Outcome } from '../../src/domain/outcome.ts';
import type { Effect } from '../../src/tui/state/effects.ts';
import type { Happening } from '../../src/tui/state/events.ts';
import type { View } from '../../src/tui/state/types.ts';
import { aPreview, aReceipt, anAccount } from './state.ts';

/** A list as the database would have it: rows come above, rows go; a filter keeps every second one. */
export type ModelBank = { rows: readonly Keyed[] };

export const aBank = (count: number): ModelBank => ({ rows: Array.from({ length: count }, (_, index) => anAccount(index)) });

/** A row that nobody has seen comes on top. */
export const arrive = (bank: ModelBank): void => {
  const most = bank.rows.reduce((id, row) => (row.id > id ? row.id : id), 0n);
  bank.rows = [{ ...anAccount(0), id: most + 1n }, ...bank.rows];
};

const seenBy = (bank: ModelBank, { terms, sort }: View): readonly Keyed[] => {
  const kept = terms.length > 0 ? bank.rows.filter(row => row.id % 2n === 0n) : bank.rows;
  return sort.descending ? kept : kept.toReversed();
};

/** The place of a row, or where it would be; a row that is gone reads like the beginning. */
const placeOf = (rows: readonly Keyed[], row: Keyed | undefined): number =>
  Math.max(0, row ? rows.findIndex(({ id }) => id === row.id) : 0);

const pageOf = (rows: readonly Keyed[], { view, place, limit }: Extract<Effect, { kind: 'read-page' }>): Page<Keyed> => {
  const { window } = view;
  if (place === 'first') return { rows: rows.slice(0, limit), more: rows.length > limit };
  if (place === 'last') return { rows: rows.slice(-limit), more: rows.length > limit };
  if (place === 'after') {
    const from = placeOf(rows, window.rows.at(-1)) + 1;
    return { rows: rows.slice(from, from + limit), more: rows.length > from + limit };
  }
  const to = placeOf(rows, window.rows[0]);
  return { rows: rows.slice(Math.max(0, to - limit), to), more: to > limit };
};

const outcomeOf = <T>(value: T, luck: number): Outcome<T> =>
  [done(value), invalid('it was refused'), stale('it changed')][luck % 3] ?? done(value);

/** What the database answers; `luck` decides how changes end. Undefined for what nobody answers. */
export const answerTo = (bank: ModelBank, effect: Effect, luck: number): Happening | undefined => {
  switch (effect.kind) {
    case 'read-page':
      return { kind: 'page-read', asked: effect.asked, place: effect.place, page: pageOf(seenBy(bank, effect.view), effect) };
    case 'refresh': {
      const rows = seenBy(bank, effect.view);
      const from = effect.view.window.rows[effect.view.top];
      const at = placeOf(rows, from);
      const page = { rows: rows.slice(at, at + effect.visible), more: rows.length > at + effect.visible };
      return { kind: 'page-refreshed', asked: effect.asked, from: from?.id, page, newer: placeOf(rows, effect.view.first) };
    }
    case 'count':
      return { kind: 'rows-counted', asked: effect.asked, count: { value: seenBy(bank, effect.view).length, exact: true } };
    case 'read-detail':
      return { kind: 'detail-read', asked: effect.asked, id: effect.row.id, sections: [] };
    case 'freeze-ids':
      return { kind: 'ids-frozen', asked: effect.asked, ids: seenBy(bank, effect.view).map(row => String(row.id)), more: luck % 2 === 0 };
    case 'match-marks':
      return { kind: 'marks-matched', asked: effect.asked, hidden: luck };
    case 'find':
      return { kind: 'record-found', resource: effect.resource, row: bank.rows[luck] };
    case 'preview': {
      const { request, ids } = effect.form;
      if (ids.length <= 1) return { kind: 'previewed', request, outcome: outcomeOf(aPreview(), luck) };
      const previews = ids.slice(0, 5).map(id => aPreview({ target: { id, label: id, version: 1 } }));
      return { kind: 'bulk-previewed', request, outcome: outcomeOf({ previews, refused: [], unseen: ids.length - previews.length }, luck) };
    }
    case 'run': {
      const { request } = effect.confirm.form;
      return {
        kind: 'finished',
        request,
        outcome: luck === 3 ? unknown('the connection was lost') : outcomeOf(aReceipt({ request }), luck),
      };
    }
    case 'run-bulk': {
      const { request, ids } = effect.confirm.form;
      return {
        kind: 'records-finished',
        request,
        results: ids.slice(0, 1).map(id => ({ id, outcome: outcomeOf(aReceipt(), luck) })),
        atCanary: true,
      };
    }
    case 'settle':
      return { kind: 'settled', request: effect.unsettled.options.request, outcome: outcomeOf(aReceipt(), luck) };
    default:
      return undefined;
  }
};
