import { describe, expect, test } from 'vitest';
import type { Mode, State } from '../../../src/tui/state/types.ts';
import { aBulk, aConfirm, aState, freezeForm, inMode, small } from '../../support/state.ts';
import { happen, kindsOf, press } from '../../support/state-play.ts';

const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const lineOf = ({ mode }: State) => (mode.kind === 'filter' || mode.kind === 'command' ? mode.line : undefined);

describe('help', () => {
  test.each<Mode>([
    { kind: 'browse' },
    { kind: 'confirm', confirm: aConfirm() },
    { kind: 'bulk', bulk: aBulk() },
    { kind: 'sort', chosen: 2 },
    { kind: 'form', form: freezeForm() },
  ])('over $kind gives the focus back as it was', under => {
    const help = inMode(small, { kind: 'help', scroll: 3, tour: undefined, under });
    for (const key of ['escaped', 'helped', 'quit-asked', 'interrupted', 'confirmed'] as const) {
      expect([key, press(help, key)]).toEqual([key, { state: { ...help, mode: under }, effects: [] }]);
    }
  });

  test('scrolls, but not above its beginning', () => {
    const { state } = press(aState(small), 'helped', { name: 'moved', by: 1 }, { name: 'moved', by: 1 });
    expect(state.mode).toMatchObject({ kind: 'help', scroll: 2 });
    expect(press(state, { name: 'moved', by: -5 }).state.mode).toMatchObject({ scroll: 0 });
  });

  test('leads through the tour and back', () => {
    const tour = press(aState(small), 'helped', 'toured', 'confirmed', { name: 'stepped', by: 1 }).state;
    expect(tour.mode).toMatchObject({ tour: 2 });
    expect(press(tour, { name: 'stepped', by: -1 }).state.mode).toMatchObject({ tour: 1 });
  });
});

describe('leaving', () => {
  test('q at the last view asks first; Esc stays, Enter leaves', () => {
    const asked = press(aState(small), 'quit-asked');
    expect([asked.state.mode.kind, asked.effects]).toEqual(['quit', []]);
    expect(press(asked.state, 'escaped')).toMatchObject({ effects: [], state: { mode: { kind: 'browse' } } });
    expect(kindsOf(press(asked.state, 'confirmed'))).toEqual(['quit']);
    expect(kindsOf(press(asked.state, 'interrupted'))).toEqual(['quit']);
  });

  test('q elsewhere closes the detail, then the view', () => {
    const inDetail = press(aState(small), { name: 'jumped', key: 't' }).state;
    const opened = { ...inDetail, view: { ...inDetail.view, inDetail: true } };
    const closed = press(opened, 'quit-asked').state;
    expect([closed.view.resource, closed.view.inDetail]).toEqual(['transactions', false]);
    expect(press(closed, 'quit-asked').state.view.resource).toBe('accounts');
  });

  test('^C cancels what is read before it asks', () => {
    expect(kindsOf(press(aState(small, { view: { reading: 'first' } }), 'interrupted'))).toEqual(['cancel-reads']);
    expect(press(aState(small), 'interrupted').state.mode.kind).toBe('quit');
  });

  test('before the database answered there is nothing to do but leave', () => {
    const { session: _, ...rest } = aState(small);
    const starting: State = { ...rest, session: undefined };
    expect(kindsOf(press(starting, 'quit-asked'))).toEqual(['quit']);
    expect(press(starting, 'actions-opened', 'marked', 'refreshed').state).toEqual(starting);
  });
});

describe('the line for filters and commands', () => {
  const filtering = press(aState(small, { filters: ['status=frozen', 'owner:ada'] }), 'filter-opened').state;

  test('keeps what is being typed while earlier lines are looked at', () => {
    const up = { name: 'moved', by: -1 } as const;
    const typed = type(filtering, 'balance>5');
    const seen = [press(typed, up), press(typed, up, up), press(typed, up, up, up)].map(({ state }) => lineOf(state)?.text);
    expect(seen).toEqual(['status=frozen', 'owner:ada', 'owner:ada']);
    expect(lineOf(press(typed, up, up, { name: 'moved', by: 2 }).state)?.text).toBe('balance>5');
  });

  test('shows a mistake in its place, and leaves the list as it is', () => {
    const wrong = press(type(filtering, 'status=gone'), 'confirmed');
    expect(wrong.effects).toEqual([]);
    expect(lineOf(wrong.state)).toMatchObject({ text: 'status=gone', error: 'status is never "gone"' });
    expect(wrong.state.view).toBe(filtering.view);
    expect(lineOf(type(wrong.state, 'status=frozen'))?.error).toBeUndefined();
  });

  test('filters, counts and is remembered', () => {
    const step = press(type(filtering, 'status=active'), 'confirmed');
    expect(step.state).toMatchObject({ mode: { kind: 'browse' }, view: { filter: 'status=active', status: 'loading' } });
    expect([kindsOf(step), step.state.filters[0]]).toEqual([['read-page', 'count'], 'status=active']);
  });

  test('an unknown command is refused in words', () => {
    const { state } = press(type(press(aState(small), 'command-opened').state, 'acounts'), 'confirmed');
    expect(lineOf(state)?.error).toBe('there is no command acounts');
  });

  test('pasted text where nothing takes text does nothing but say so', () => {
    const { state, effects } = happen(aState(small), { kind: 'pasted' });
    expect([effects, state.view, state.flash?.text]).toEqual([[], aState(small).view, 'pasted text was ignored: nothing here takes text']);
  });
});
