import fc from 'fast-check';
import { expect, test } from 'vitest';
import { done, forbidden } from '../../../src/domain/outcome.ts';
import { frameOf } from '../../../src/tui/frame.ts';
import type { Effect } from '../../../src/tui/state/effects.ts';
import type { Happening, Intent } from '../../../src/tui/state/events.ts';
import { isCovered } from '../../../src/tui/state/mode.ts';
import type { State } from '../../../src/tui/state/types.ts';
import { update } from '../../../src/tui/state/update.ts';
import { mostRows } from '../../../src/tui/state/window.ts';
import { unpainted } from '../../../src/tui/theme.ts';
import { aState, large, medium, noon, small } from '../../support/state.ts';
import { afterPulse, aPulse, minutes, presentSession } from '../../screens/presence-states.ts';
import { aBank, answerTo, arrive, type ModelBank } from '../../support/state-bank.ts';

/** Reads the list for the first time. */
const begin: Move = { kind: 'key', intent: { name: 'sort-reversed' } };

type Move =
  | { readonly kind: 'key'; readonly intent: Intent }
  | { readonly kind: 'happening'; readonly happening: Happening }
  /** One of the questions that are open is answered, or its reading fails; not always the oldest. */
  | { readonly kind: 'answer'; readonly which: number; readonly luck: number }
  | { readonly kind: 'fail'; readonly which: number; readonly lost: boolean }
  | { readonly kind: 'row-came' }
  | { readonly kind: 'row-went'; readonly index: number };

const names = [
  'cleared', 'opened', 'detail-opened', 'escaped', 'confirmed', 'quit-asked', 'interrupted', 'redrawn', 'suspended', 'tabbed',
  'back-tabbed', 'command-opened', 'filter-opened', 'went-back', 'went-forward', 'went-last', 'marked', 'range-marked', 'all-marked',
  'sort-opened', 'sort-reversed', 'columns-opened', 'toggled', 'widened', 'paused', 'refreshed', 'followed', 'copied', 'link-copied',
  'export-opened', 'actions-opened', 'undone', 'helped', 'toured', 'window-opened', 'inbox-opened', 'incident-opened',
] as const; // prettier-ignore
const ways = [1, -1, 5, -5, 'page-down', 'page-up', 'half-down', 'half-up', 'first', 'last'] as const;
const texts = [
  '',
  'status=active',
  'status=frozen owner:"ada',
  'accounts status=active',
  'export csv',
  'bursar://eu-1/accounts/7',
  'save mine',
  'saved mine',
  'q',
  'a note of some length',
];

const aMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ways).map(by => ({ kind: 'key' as const, intent: { name: 'moved' as const, by } })) },
  { weight: 6, arbitrary: fc.constantFrom(...names).map(name => ({ kind: 'key' as const, intent: { name } })) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'f', 'u', 'c', 'n').map(letter => ({ kind: 'key' as const, intent: { name: 'letter-typed' as const, letter } })) },
  { weight: 1, arbitrary: fc.constantFrom(1 as const, -1 as const).map(by => ({ kind: 'key' as const, intent: { name: 'stepped' as const, by } })) },
  { weight: 2, arbitrary: fc.constantFrom(...texts).map(text => ({ kind: 'happening' as const, happening: { kind: 'text-changed' as const, text } })) },
  { weight: 1, arbitrary: fc.constantFrom(small, medium, large, { columns: 80, rows: 4 }).map(size => ({ kind: 'happening' as const, happening: { kind: 'resized' as const, size } })) },
  { weight: 2, arbitrary: fc.constant<Move>({ kind: 'happening', happening: { kind: 'ticked' } }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(3), luck: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat(3), lost: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'row-came' }) },
  { weight: 1, arbitrary: fc.nat(400).map(index => ({ kind: 'row-went' as const, index })) },
); // prettier-ignore

const whatOf = { 'read-page': 'page', refresh: 'refresh', count: 'count', 'read-detail': 'detail', 'freeze-ids': 'marks', 'match-marks': 'marks' } as const; // prettier-ignore

const failureOf = (effect: Effect, lost: boolean): Happening | undefined =>
  effect.kind !== 'pulse' && effect.kind in whatOf && 'asked' in effect
    ? { kind: 'read-failed', asked: effect.asked, what: whatOf[effect.kind], message: 'no answer', lost }
    : undefined;

/** What the session itself answers: it may be locked, and refuse what is asked of it. */
const ofSession = (effect: Effect, luck: number): Happening | undefined => {
  switch (effect.kind) {
    case 'pulse': {
      const pulse = aPulse({ state: luck === 2 ? 'locked' : 'live', windowExpiresAt: luck === 1 ? minutes(15) : null });
      return { kind: 'pulse-felt', asked: effect.asked, pulse };
    }
    case 'open-window':
      return { kind: 'window-answered', outcome: luck === 3 ? forbidden('no window today') : done(minutes(15)) };
    case 'confirm-code':
      return { kind: 'code-answered', outcome: luck === 3 ? forbidden('the code is wrong') : done(true) };
    case 'lock':
      return { kind: 'session-locked' };
    case 'unlock':
      return { kind: 'unlock-answered', outcome: luck === 3 ? forbidden('the password is wrong') : done(true) };
    default:
      return undefined;
  }
};

/** A word of the bank on a screen that hides it. */
const leaked = (state: State): readonly string[] => {
  if (!isCovered(state) || state.size.rows < 5) return [];
  const words = frameOf(state).map(unpainted).join(' ');
  return state.view.window.rows.flatMap(row => ('number' in row && words.includes(String(row.number)) ? [String(row.number)] : []));
};

/** What a move makes happen; what it answers is no longer open. */
const happeningOf = (move: Move, bank: ModelBank, open: Effect[]): Happening | undefined => {
  switch (move.kind) {
    case 'key':
      return { kind: 'key-pressed', intent: move.intent };
    case 'happening':
      return move.happening;
    case 'answer':
    case 'fail': {
      const [effect] = open.splice(move.which % Math.max(1, open.length), 1);
      if (!effect) return undefined;
      return move.kind === 'answer' ? (ofSession(effect, move.luck) ?? answerTo(bank, effect, move.luck)) : failureOf(effect, move.lost);
    }
    case 'row-came':
      arrive(bank);
      return undefined;
    case 'row-went':
      bank.rows = bank.rows.filter((_, index) => index !== move.index);
      return undefined;
  }
};

/** What is wrong with a state, in words; empty where nothing is. */
const faultsOf = (state: State): readonly string[] => {
  const { view, back } = state;
  const { rows } = view.window;
  return [
    ...(rows.length > mostRows ? [`${rows.length} rows are held`] : []),
    ...(new Set(rows.map(row => row.id)).size < rows.length ? ['a row is held twice'] : []),
    ...(rows.length > 0 && !rows.some(row => row.id === view.cursor) ? ['the cursor is on no row'] : []),
    ...(view.top < 0 || view.top > Math.max(0, rows.length - 1) ? [`top is ${view.top} of ${rows.length}`] : []),
    ...leaked(state).map(number => `${number} shows on a cover`),
    ...(back.length > 50 ? ['too much history'] : []),
  ];
};

/** Whether a value is data alone, so that it could be written down and read back. */
const isData = (value: unknown): boolean => {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null || value instanceof Date) return true;
  return (value instanceof Set ? [...value] : Object.values(value)).every(part => isData(part));
};

test('whatever is pressed and answered, in whatever order, the screen stays sound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900 }), fc.array(aMove, { minLength: 20, maxLength: 150 }), (count, moves) => {
      const bank = aBank(count);
      const open: Effect[] = [];
      let state: State = {
        ...aState(small, { rows: [], view: { status: 'loading', count: undefined }, session: presentSession() }),
        pulse: afterPulse(),
      };
      for (const [index, move] of [begin, ...moves].entries()) {
        const happening = happeningOf(move, bank, open);
        if (!happening) continue;
        const step = update(state, { ...happening, at: noon + index * 400 });
        state = step.state;
        open.push(...step.effects);
        expect(faultsOf(state)).toEqual([]);
        expect(step.effects.filter(effect => !isData(effect))).toEqual([]);
      }
    }),
    { seed: 20_261_120, numRuns: 200 },
  );
});
