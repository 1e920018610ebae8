import { describe, expect, test } from 'vitest';
import { conflict, done, stale, unknown } from '../../../src/domain/outcome.ts';
import type { FormState, State } from '../../../src/tui/state/types.ts';
import {
  aBulk,
  aConfirm,
  anAccount,
  aPreview,
  aReceipt,
  freezeForm,
  inMode,
  aState,
  manyAccounts,
  noon,
  small,
  someResults,
} from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const confirmOf = ({ mode }: State) => (mode.kind === 'confirm' ? mode.confirm : undefined);
const formOf = ({ mode }: State): FormState | undefined => (mode.kind === 'form' ? mode.form : undefined);
const bulkOf = ({ mode }: State) => (mode.kind === 'bulk' ? mode.bulk : undefined);
const letter = (key: string) => ({ name: 'letter-typed', letter: key }) as const;
const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const confirmAt = (state: State, after: number) => happen(state, { kind: 'key-pressed', intent: { name: 'confirmed' } }, after);

const filled = { id: '3', ground: 'suspicious pattern', note: 'asked the branch about it', reviewOn: 'in 7 days', notify: 'no' };

describe('the actions', () => {
  test('a letter opens the form of the action for the record under the cursor', () => {
    const { state } = press(aState(small), 'actions-opened', letter('f'));
    expect(formOf(state)).toMatchObject({ action: 'accounts.freeze', label: anAccount(2).number, ids: ['3'], focus: 0, waiting: false });
  });

  test('one that is not available says why and opens nothing', () => {
    const { state } = press(aState(small), 'actions-opened', letter('a'));
    expect([state.mode.kind, state.flash?.tone]).toEqual(['actions', 'warn']);
    expect(press(aState(small), 'actions-opened', letter('§')).state.flash?.text).toBe('there is no action § here');
  });

  test('marked records are meant, not the one under the cursor', () => {
    const { state } = press(aState(small, { view: { marks: new Set(['1', '5']), hidden: 1 } }), 'actions-opened', letter('f'));
    expect(formOf(state)).toMatchObject({ ids: ['1', '5'], label: '2 records', hiddenByFilter: 1 });
  });

  test('two forms never share a key', () => {
    const once = press(aState(small), 'actions-opened', letter('f')).state;
    const twice = press(once, 'escaped', 'actions-opened', letter('f')).state;
    expect(formOf(twice)?.request).not.toBe(formOf(once)?.request);
  });
});

describe('a form', () => {
  const open = inMode(small, { kind: 'form', form: freezeForm() });
  const count = freezeForm().fields.length;

  test('Tab goes round fields and buttons, and back', () => {
    const focus = (state: State) => formOf(state)?.focus;
    const tabs = Array.from({ length: count + 1 }, () => 'tabbed' as const);
    expect(tabs.map((_, index) => focus(press(open, ...tabs.slice(0, index + 1)).state))).toEqual([1, 2, 3, 4, 0].slice(0, count + 1));
    expect(focus(press(open, 'back-tabbed').state)).toBe(count);
  });

  test('sent incomplete, it asks for nothing and goes to the first field that is wrong', () => {
    const step = press(inMode(small, { kind: 'form', form: freezeForm({ focus: count }) }), 'confirmed');
    expect(step.effects).toEqual([]);
    expect(formOf(step.state)).toMatchObject({ focus: 0, waiting: false });
    expect(Object.keys(formOf(step.state)?.errors ?? {}).toSorted()).toEqual(['ground', 'note']);
  });

  test('a field that is typed in anew loses its error, the others keep theirs', () => {
    const errors = { ground: 'is missing', note: 'is missing' };
    const wrong = inMode(small, { kind: 'form', form: freezeForm({ focus: 1, errors }) });
    expect(formOf(type(wrong, 'a'))).toMatchObject({ typed: { note: 'a' }, errors: { ground: 'is missing' } });
    expect(formOf(type(wrong, 'a'))?.errors).not.toHaveProperty('note');
  });

  test('a day that does not exist is refused before anybody is asked', () => {
    const form = freezeForm({ typed: { ...filled, reviewOn: '2026-02-29' }, focus: count });
    const step = press(inMode(small, { kind: 'form', form }), 'confirmed');
    expect([kindsOf(step), formOf(step.state)?.errors]).toEqual([[], { reviewOn: '2026-02-29 does not exist in the calendar' }]);
  });

  test('complete, it asks once for its preview', () => {
    const asked = press(inMode(small, { kind: 'form', form: freezeForm({ typed: filled, focus: count }) }), 'confirmed');
    expect(effectOf(asked, 'preview')?.form.typed).toEqual(filled);
    expect(kindsOf(press(asked.state, 'confirmed'))).toEqual([]);
  });

  test('a refused preview keeps every word, and an answer for another form is none', () => {
    const waiting = inMode(small, { kind: 'form', form: freezeForm({ typed: filled, waiting: true }) });
    const outcome = conflict('it is closed', 'look again');
    const { request } = freezeForm();
    expect(formOf(happen(waiting, { kind: 'previewed', request, outcome }).state)).toMatchObject({
      typed: filled,
      waiting: false,
      errors: { '': 'it is closed; look again' },
    });
    expect(happen(waiting, { kind: 'previewed', request: 'another', outcome }).state).toBe(waiting);
  });
});

describe('a confirmation', () => {
  const waiting = inMode(small, { kind: 'form', form: freezeForm({ typed: filled, waiting: true }) });
  const shown = happen(waiting, { kind: 'previewed', request: freezeForm().request, outcome: done(aPreview()) });
  const onConfirm = press(shown.state, 'tabbed').state;

  test('begins on Cancel, and Enter there goes back to all that was typed', () => {
    expect(confirmOf(shown.state)?.focus).toBe('cancel');
    expect(shown.effects).toEqual([{ kind: 'wake', at: noon + 300 }]);
    const back = confirmAt(shown.state, 5_000);
    expect([formOf(back.state)?.typed, back.effects]).toEqual([filled, []]);
  });

  test('arms 300 ms after it appeared', () => {
    expect(kindsOf(confirmAt(onConfirm, 0))).toEqual([]);
    expect(kindsOf(confirmAt(onConfirm, 299))).toEqual([]);
    expect(kindsOf(confirmAt(onConfirm, 300))).toEqual(['run']);
  });

  test('runs once, however often Enter is pressed', () => {
    const running = confirmAt(onConfirm, 300).state;
    expect(kindsOf(confirmAt(running, 400))).toEqual([]);
  });

  test('asked-for words must be there, whole', () => {
    const typing = inMode(small, { kind: 'confirm', confirm: aConfirm({ words: '447100930082', focus: 'words' }) });
    expect(press(type(typing, '44710093008'), 'confirmed')).toMatchObject({
      effects: [],
      state: { flash: { text: 'type 447100930082 to confirm' } },
    });
    expect(kindsOf(press(type(typing, '447100930082 '), 'confirmed'))).toEqual(['run']);
  });

  const running = inMode(small, { kind: 'confirm', confirm: aConfirm({ form: freezeForm({ typed: filled }), waiting: true }) });
  const { request } = freezeForm();

  test('done: told with its audit row, remembered for z, and read again', () => {
    const step = happen(running, { kind: 'finished', request, outcome: done(aReceipt()) });
    expect([step.state.mode.kind, step.state.flash?.text, step.state.done.length]).toEqual([
      'browse',
      `froze ${anAccount(2).number}, audit #88213`,
      1,
    ]);
    expect(kindsOf(step)).toContain('refresh');
    expect(formOf(press(step.state, 'undone').state)?.action).toBe('accounts.retract-freeze');
  });

  test('refused: the draft stays and goes under another key', () => {
    const form = formOf(happen(running, { kind: 'finished', request, outcome: conflict('it is closed') }).state);
    expect(form).toMatchObject({ typed: filled, waiting: false, errors: { '': 'it is closed' } });
    expect(form?.request).not.toBe(request);
  });

  test('stale: looked at again, under another key, before anything is decided', () => {
    const step = happen(running, { kind: 'finished', request, outcome: stale('it changed') });
    expect(kindsOf(step)).toEqual(['preview']);
    expect(effectOf(step, 'preview')?.form.request).not.toBe(request);
  });

  test('unknown: said so, and looked up by the same key until it is known', () => {
    const { state } = happen(running, { kind: 'finished', request, outcome: unknown('the connection was lost') });
    expect(state.flash?.text).toMatch(/^UNKNOWN: /);
    expect(effectOf(happen(state, { kind: 'ticked' }, 2_999), 'settle')).toBeUndefined();
    const asked = happen(state, { kind: 'ticked' }, 3_000);
    expect(effectOf(asked, 'settle')?.unsettled.options.request).toBe(request);
    const open = happen(asked.state, { kind: 'settled', request, outcome: unknown('nobody knows yet') }).state;
    expect(open.unsettled).toHaveLength(1);
    const known = happen(open, { kind: 'settled', request, outcome: done(aReceipt()) }).state;
    expect([known.unsettled, known.done.length, known.flash?.tone]).toEqual([[], 1, 'good']);
  });

  test('Esc while it runs claims nothing', () => {
    expect(press(running, 'escaped').state.flash?.text).toBe('Freeze account is under way; its outcome is told here');
  });
});

describe('a bulk', () => {
  const ids = manyAccounts(40).map(row => String(row.id));
  const running = inMode(small, { kind: 'bulk', bulk: aBulk() }, { view: { marks: new Set(ids) } });
  const { request } = freezeForm();
  const canary = happen(running, { kind: 'records-finished', request, results: someResults(1), atCanary: true }).state;

  test('waits after its first record, on Stop, armed after 300 ms', () => {
    expect(bulkOf(canary)).toMatchObject({ atCanary: true, focus: 'stop', armedAt: noon + 300 });
    const onGo = press(canary, 'tabbed').state;
    expect(confirmAt(onGo, 299).effects).toEqual([]);
    expect(confirmAt(onGo, 300).effects).toEqual([{ kind: 'proceed', yes: true }]);
    expect(confirmAt(canary, 300).effects).toEqual([{ kind: 'proceed', yes: false }]);
  });

  test('stops once after the record under way', () => {
    const stopping = press(running, 'escaped');
    expect(kindsOf(stopping)).toEqual(['abort-bulk']);
    expect(kindsOf(press(stopping.state, 'escaped'))).toEqual([]);
  });

  test('leaves marked what was refused', () => {
    const value = { results: someResults(40), skipped: 0, summary: 'froze 36 of 40' };
    const ended = happen(canary, { kind: 'bulk-finished', request, outcome: done(value) }).state;
    expect([bulkOf(ended)?.finished, ended.flash?.tone]).toEqual([value, 'warn']);
    expect([...press(ended, 'confirmed').state.view.marks]).toEqual(['4', '14', '24', '34']);
  });

  test('that broke tells how far it came', () => {
    const broken = happen(canary, { kind: 'bulk-finished', request, outcome: conflict('the database went away') }).state;
    expect([broken.mode.kind, broken.flash?.text]).toEqual(['browse', 'the database went away; 1 of 40 were done before']);
  });
});
