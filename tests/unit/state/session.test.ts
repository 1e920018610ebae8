import { describe, expect, test } from 'vitest';
import { done, forbidden, lacking, waiting } from '../../../src/domain/outcome.ts';
import type { Pulse } from '../../../src/kit/presence.ts';
import type { Mode, State } from '../../../src/tui/state/types.ts';
import { aPulse, minutes, modeOf, present, presentSession } from '../../screens/presence-states.ts';
import { aBulk, aConfirm, aPreview, freezeForm, noon, small, someResults } from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const letter = (key: string) => ({ name: 'letter-typed', letter: key }) as const;
const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const open = { windowExpiresAt: minutes(14), windowReason: 'ticket 4711' };
const feel = (state: State, changes: Partial<Pulse> = {}, after = 0) =>
  happen(state, { kind: 'pulse-felt', asked: state.asked.pulse, pulse: aPulse({ at: new Date(noon + after), ...changes }) }, after);
const confirming = (changes: Parameters<typeof aConfirm>[0] = {}): Mode => ({
  kind: 'confirm',
  confirm: aConfirm({ focus: 'confirm', ...changes }),
});
describe('the pulse', () => {
  test('is felt every second, one at a time, and says whether somebody is there', () => {
    const first = happen(present(small), { kind: 'ticked' }, 1_000);
    expect(effectOf(first, 'pulse')).toMatchObject({ active: true });
    const second = happen(first.state, { kind: 'ticked' }, 2_000);
    expect(effectOf(second, 'pulse')).toBeUndefined();
    const felt = feel(second.state, {}, 2_100).state;
    expect(effectOf(happen(felt, { kind: 'ticked' }, 3_000), 'pulse')).toMatchObject({ active: false });
    expect(effectOf(happen(press(felt, 'helped').state, { kind: 'ticked' }, 3_000), 'pulse')).toMatchObject({ active: true });
  });

  test('of a window that is gone is told once, whoever closed it', () => {
    const writing = present(small, open);
    const gone = feel(writing).state;
    expect([gone.flash?.text, gone.pulse.writesUntil]).toEqual([
      'the write window closed: W opens it again, your draft is kept',
      undefined,
    ]);
    expect(feel({ ...gone, flash: undefined }).state.flash).toBeUndefined();
  });

  test('that does not come lets the window lapse all the same, by our own clock', () => {
    const late = happen(present(small, open), { kind: 'ticked' }, 14 * 60_000);
    expect(late.state.flash?.text).toContain('the write window closed');
  });

  test('tells times by the clock of the database', () => {
    const { state } = feel(present(small), { at: new Date(noon + 3_600_000), windowExpiresAt: new Date(noon + 3_600_000 + 60_000) });
    expect(state.pulse.writesUntil).toBe(noon + 60_000);
  });

  test('that was asked for before something changed says nothing any more', () => {
    const asked = happen(present(small), { kind: 'ticked' }).state;
    const opened = happen(asked, { kind: 'window-answered', outcome: done(minutes(15)) }).state;
    const stale = happen(opened, { kind: 'pulse-felt', asked: asked.asked.pulse, pulse: aPulse() }).state;
    expect([stale.pulse.writesUntil, stale.pulse.beating]).toEqual([minutes(15).getTime(), false]);
  });

  test.for([
    ['over', false],
    ['ended', true],
  ] as const)('that is %s covers everything, and stops a bulk only where somebody ended the session', ([state, stops]) => {
    const felt = feel({ ...present(small, open), mode: { kind: 'bulk', bulk: aBulk() } }, { state, why: 'it is over' });
    expect([felt.state.mode.kind, kindsOf(felt).includes('abort-bulk')]).toEqual(['ended', stops]);
  });

  test('changes what the operator may do, so that actions turn grey', () => {
    const { state } = feel(present(small, open), { ...open, permissions: ['account.read'] });
    const actions = modeOf(press(state, 'actions-opened').state, 'actions');
    expect(actions.choices.every(({ disabled }) => disabled?.startsWith('needs the permission'))).toBe(true);
  });
});

describe('a write window', () => {
  test('is asked for over a draft, and the draft goes on', () => {
    const asked = press(present(small), 'actions-opened', letter('f')).state;
    expect(modeOf(asked, 'window')).toMatchObject({ after: 'go-on', under: { kind: 'form' } });
    const typed = press(type(asked, 'ticket 4711'), 'confirmed', 'confirmed');
    expect(effectOf(typed, 'open-window')).toEqual({ kind: 'open-window', reason: 'ticket 4711', minutes: 15 });
    const opened = happen(typed.state, { kind: 'window-answered', outcome: done(minutes(15)) }).state;
    expect([opened.mode, opened.pulse.writesUntil]).toMatchObject([{ kind: 'form' }, minutes(15).getTime()]);
  });

  test('that is refused says why and keeps what was typed', () => {
    const typed = press(type(press(present(small), 'window-opened').state, 'ticket 4711'), 'confirmed', 'confirmed').state;
    const refused = happen(typed, { kind: 'window-answered', outcome: forbidden('no window today', 'come back tomorrow') }).state;
    expect(modeOf(refused, 'window').sheet).toMatchObject({
      typed: { reason: 'ticket 4711' },
      errors: { '': 'no window today; come back tomorrow' },
      waiting: false,
    });
  });

  test('is asked for where the database refuses for want of one, and then what was confirmed is carried out under a new key', () => {
    const confirmed = press(present(small, open, { mode: confirming() }), 'confirmed');
    const { request } = effectOf(confirmed, 'run')!.confirm.form;
    const refused = happen(confirmed.state, { kind: 'finished', request, outcome: lacking('window', 'read-only', 'press W') }).state;
    expect(modeOf(refused, 'window')).toMatchObject({ after: 'carry-out', under: { kind: 'confirm' } });
    const asked = press(type(refused, 'ticket 4711'), 'confirmed', 'confirmed').state;
    const again = happen(asked, { kind: 'window-answered', outcome: done(minutes(15)) });
    expect(effectOf(again, 'run')?.confirm.form.request).not.toBe(request);
  });

  test('that is open can be closed by key, and renewed only in an incident', () => {
    const menu = press(present(small, open), 'window-opened').state;
    expect(kindsOf(press(menu, letter('c')))).toEqual(['close-window']);
    expect(press(menu, letter('r')).state.flash?.text).toContain('only while an incident is open');
    const incident = press(present(small, { ...open, incident: '#4 level 3 cards' }), 'window-opened');
    expect(effectOf(press(incident.state, letter('r')), 'renew-window')).toEqual({ kind: 'renew-window', minutes: 15 });
  });

  test('is not offered to whoever may not open one', () => {
    const session = presentSession();
    const operator = { ...session.operator, permissions: new Set(['account.read']) };
    const { state } = press(present(small, {}, { session: { ...session, operator } }), 'window-opened');
    expect([state.mode.kind, state.flash?.text]).toEqual(['browse', 'a write window needs the permission window.open']);
  });
});

describe('a one-time code', () => {
  const needs = confirming({ preview: aPreview({ code: true }) });

  test('is asked for over the confirmation, carries it out, and holds for five minutes', () => {
    const asked = press(present(small, open, { mode: needs }), 'confirmed');
    expect([modeOf(asked.state, 'code').after, effectOf(asked, 'run')]).toEqual(['carry-out', undefined]);
    const typed = press(type(asked.state, '123456'), 'confirmed');
    expect(effectOf(typed, 'confirm-code')).toEqual({ kind: 'confirm-code', code: '123456' });
    expect(modeOf(typed.state, 'code').sheet.typed).toEqual({});
    const taken = happen(typed.state, { kind: 'code-answered', outcome: done(true) });
    expect(effectOf(taken, 'run')).toBeDefined();
    expect(effectOf(press({ ...taken.state, mode: needs }, 'confirmed'), 'run')).toBeDefined();
  });

  test('that is wrong is told, and the confirmation waits', () => {
    const asked = press(present(small, open, { mode: needs }), 'confirmed').state;
    const wrong = happen(press(type(asked, '1'), 'confirmed').state, { kind: 'code-answered', outcome: forbidden('the code is wrong') });
    expect(modeOf(wrong.state, 'code').sheet.errors).toEqual({ '': 'the code is wrong' });
    expect(press(wrong.state, 'escaped').state.mode).toMatchObject({ kind: 'confirm', confirm: { waiting: false } });
  });

  test('is not asked of whoever only asks', () => {
    const mode = confirming({ preview: aPreview({ code: true, eyes: 2 }) });
    expect(kindsOf(press(present(small, open, { mode }), 'confirmed'))).toEqual(['run']);
  });

  test('of a demo is shown, to be typed', () => {
    const asked = press(present(small, open, { session: presentSession(true), mode: needs }), 'confirmed');
    expect(kindsOf(asked)).toEqual(['show-demo-code']);
    const shown = happen(asked.state, { kind: 'demo-code-shown', code: '654321' }).state;
    expect(modeOf(shown, 'code').sheet.says).toEqual(['demo code 654321']);
  });
});

test('what waits for a second person ends as well as what is done', () => {
  const confirmed = press(present(small, open, { mode: confirming() }), 'confirmed').state;
  const { request } = freezeForm();
  const outcome = waiting('nothing was changed yet: asked for freeze: request 12', 'somebody else decides');
  const { state } = happen(confirmed, { kind: 'finished', request, outcome });
  expect([state.mode.kind, state.flash?.tone, state.flash?.text]).toEqual([
    'browse',
    'info',
    'request 12 waits for somebody with the right to decide it',
  ]);
});

test('i opens what waits in the inbox, ! the form of an incident', () => {
  expect(press(present(small, open), 'inbox-opened').state.view).toMatchObject({ resource: 'inbox', base: 'open=yes' });
  expect(modeOf(press(present(small, open), 'incident-opened').state, 'form').form.action).toBe('incidents.declare');
});

test('a bulk under the help hears its results too', () => {
  const bulk = present(small, open, { mode: { kind: 'bulk', bulk: aBulk() } });
  const helped = press(bulk, 'helped').state;
  const under: Mode = { kind: 'help', scroll: 0, tour: undefined, under: bulk.mode };
  const results = someResults(3);
  const { state } = happen(
    { ...helped, mode: under },
    { kind: 'records-finished', request: aBulk().form.request, results, atCanary: false },
  );
  expect(modeOf(state, 'help').under).toMatchObject({ bulk: { results } });
});
