import { describe, expect, test } from 'vitest';
import { done, forbidden } from '../../../src/domain/outcome.ts';
import type { Pulse } from '../../../src/kit/presence.ts';
import { initialState } from '../../../src/tui/state/start.ts';
import type { Mode, State } from '../../../src/tui/state/types.ts';
import { aGate, aPulse, minutes, modeOf, present, presentSession } from '../../screens/presence-states.ts';
import { aBulk, aConfirm, anAccount, freezeForm, noon, small, someResults } from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const open = { windowExpiresAt: minutes(14), windowReason: 'ticket 4711' };
const feel = (state: State, changes: Partial<Pulse> = {}, after = 0) =>
  happen(state, { kind: 'pulse-felt', asked: state.asked.pulse, pulse: aPulse({ at: new Date(noon + after), ...changes }) }, after);
const confirming = (changes: Parameters<typeof aConfirm>[0] = {}): Mode => ({
  kind: 'confirm',
  confirm: aConfirm({ focus: 'confirm', ...changes }),
});
const forms: readonly Mode[] = [
  { kind: 'browse' },
  { kind: 'form', form: freezeForm() },
  confirming(),
  { kind: 'bulk', bulk: aBulk() },
  { kind: 'sort', chosen: 2 },
];

describe('the lock', () => {
  test.each(forms)('over $kind keeps it, and gives it back when the password was right', under => {
    const before = present(small, open, { mode: under });
    const locked = press(before, 'suspended');
    expect(modeOf(locked.state, 'lock').under).toBe(under);
    const typed = press(type(locked.state, 'secret word'), 'confirmed');
    expect(effectOf(typed, 'unlock')).toEqual({ kind: 'unlock', password: 'secret word' });
    expect(JSON.stringify(modeOf(typed.state, 'lock').lock)).not.toContain('secret word');
    const wrong = happen(typed.state, { kind: 'unlock-answered', outcome: forbidden('the password is wrong') }).state;
    expect(modeOf(wrong, 'lock').lock.refusal?.message).toBe('the password is wrong');
    expect(happen(typed.state, { kind: 'unlock-answered', outcome: done(true) }).state.mode).toBe(under);
  });

  test('comes after fifteen minutes without a key, and not earlier', () => {
    const before = present(small, open);
    expect(happen(before, { kind: 'ticked' }, 15 * 60_000 - 1).state.mode.kind).toBe('browse');
    const locked = happen(before, { kind: 'ticked' }, 15 * 60_000);
    expect([locked.state.mode.kind, kindsOf(locked).includes('lock'), kindsOf(locked).includes('refresh')]).toEqual(['lock', true, false]);
    const typing = press(before, 'helped').state;
    expect(happen({ ...typing, pulse: { ...typing.pulse, keyAt: noon + 60_000 } }, { kind: 'ticked' }, 15 * 60_000).state.mode.kind).toBe(
      'help',
    );
  });

  test('is never opened by what arrives late', () => {
    const { state } = press(present(small), 'suspended');
    const row = anAccount(3);
    const found = happen(state, { kind: 'record-found', resource: 'accounts', row }).state;
    const told = happen(found, { kind: 'failed', message: 'something' }).state;
    const live = feel(told).state;
    for (const after of [found, told, live]) expect(after.mode.kind).toBe('lock');
  });

  test('asks the database again until it holds, reads nothing meanwhile, and settles nothing', () => {
    const { state } = press(present(small), 'suspended');
    expect(kindsOf(happen(state, { kind: 'ticked' }, 1_000))).toEqual(['lock']);
    const kept = happen(state, { kind: 'session-locked' }).state;
    expect(kindsOf(happen(kept, { kind: 'ticked' }, 2_000))).toEqual(['pulse']);
  });

  test('lets a bulk go on, hears its results, and is asked of the database when it is done', () => {
    const running = present(small, open, { mode: { kind: 'bulk', bulk: aBulk() } });
    const locked = press(running, 'suspended');
    expect(kindsOf(locked)).toEqual(['suspend']);
    const beat = happen(locked.state, { kind: 'ticked' }, 1_000);
    expect(effectOf(beat, 'pulse')).toMatchObject({ active: true });
    const { request } = aBulk().form;
    const some = happen(locked.state, { kind: 'records-finished', request, results: someResults(5), atCanary: false }).state;
    expect(modeOf(some, 'lock').under).toMatchObject({ kind: 'bulk', bulk: { results: { length: 5 } } });
    const finished = { results: someResults(5), skipped: 35, summary: 'froze 5 of 40' };
    const ended = happen(some, { kind: 'bulk-finished', request, outcome: done(finished) }).state;
    expect(kindsOf(happen(ended, { kind: 'ticked' }, 2_000))).toEqual(['lock']);
  });

  test('of the database locks the screen', () => {
    const { state } = feel(present(small), { state: 'locked', why: 'nobody was here' });
    expect(modeOf(state, 'lock').lock).toMatchObject({ why: 'nobody was here', isKept: true });
  });

  test('is no lock where nobody signed in: ^Z only goes back to the shell', () => {
    const { presence: _, ...session } = presentSession();
    expect(press(present(small, {}, { session }), 'suspended')).toMatchObject({
      state: { mode: { kind: 'browse' } },
      effects: [{ kind: 'suspend' }],
    });
  });
});

describe('a session that ended', () => {
  const gone = { state: 'ended', why: 'this session was ended by ravi' } as const;

  test.each(forms)('over $kind is told and reads no more; the same operator finds it again', under => {
    const ended = feel({ ...present(small, open, { mode: under }), gate: aGate }, gone);
    expect(modeOf(ended.state, 'ended')).toMatchObject({ why: gone.why, under });
    expect(kindsOf(happen(ended.state, { kind: 'ticked' }, 1_000))).toEqual([]);
    const signing = press(ended.state, 'confirmed').state;
    expect(modeOf(signing, 'sign-in').sheet.typed).toEqual({ name: 'lena' });
    const back = happen(signing, { kind: 'sign-in-answered', outcome: done(presentSession()) });
    expect([back.state.mode, kindsOf(back)]).toEqual([under, ['read-page', 'count', 'pulse']]);
  });

  test('leaves nothing to another operator', () => {
    const ended = feel({ ...present(small, open, { mode: { kind: 'form', form: freezeForm() } }), gate: aGate }, gone).state;
    const session = presentSession();
    const other = { ...session, operator: { ...session.operator, id: 2n, name: 'bo' } };
    const { state } = happen(press(ended, 'confirmed').state, { kind: 'sign-in-answered', outcome: done(other) });
    expect([state.mode.kind, state.view.window.rows.length, state.view.marks.size, state.done]).toEqual(['browse', 0, 0, []]);
  });

  test('is left by Enter where nobody signs in', () => {
    expect(kindsOf(press(feel(present(small), gone).state, 'confirmed'))).toEqual(['quit']);
  });
});

describe('signing in', () => {
  const gated = happen(initialState({ registry: presentSession().registry, size: small, now: noon, seed: 'test' }), {
    kind: 'gate-opened',
    gate: aGate,
  }).state;
  const typed = type(press(type(press(type(gated, 'lena'), 'confirmed').state, 'a password'), 'confirmed').state, '123456');

  test('sends what was typed and forgets it at once', () => {
    const sent = press(typed, 'confirmed');
    expect(effectOf(sent, 'sign-in')).toEqual({ kind: 'sign-in', name: 'lena', password: 'a password', code: '123456' });
    expect(modeOf(sent.state, 'sign-in').sheet).toMatchObject({ typed: { name: 'lena' }, waiting: true });
    expect(press(sent.state, 'confirmed').effects).toEqual([]);
  });

  test('names what is missing', () => {
    const { state, effects } = press(press(gated, 'confirmed', 'confirmed').state, 'confirmed');
    expect([modeOf(state, 'sign-in').sheet.errors, effects]).toEqual([
      { name: 'is missing', password: 'is missing', code: 'is missing' },
      [],
    ]);
  });

  test('refused keeps the name and says what to do', () => {
    const outcome = forbidden('name, password or code is wrong', 'try again');
    const { state } = happen(press(typed, 'confirmed').state, { kind: 'sign-in-answered', outcome });
    expect(modeOf(state, 'sign-in')).toMatchObject({
      refusal: { next: 'try again' },
      sheet: { typed: { name: 'lena' }, focus: 1, waiting: false },
    });
  });

  test('Esc asks whether to leave, and comes back', () => {
    const asked = press(gated, 'escaped').state;
    expect(asked.mode.kind).toBe('quit');
    expect(press(asked, 'escaped').state.mode).toBe(gated.mode);
    expect(kindsOf(press(asked, 'confirmed'))).toEqual(['quit']);
  });
});

describe(':as', () => {
  const command = (state: State, line: string) => press(type(press(state, 'command-opened').state, line), 'confirmed');
  const become = async () => done(presentSession(true));

  test('is refused outside a demo', () => {
    expect(modeOf(command(present(small), 'as manager').state, 'command').line.error).toBe('only a demo lets one be somebody else');
  });

  test('reads the same list as another operator, whose pulse is new', () => {
    const before = present(small, open, { session: presentSession(true, { become }) });
    const asked = command(before, 'as manager');
    expect(effectOf(asked, 'become')).toEqual({ kind: 'become', role: 'manager' });
    expect(kindsOf(happen(asked.state, { kind: 'ticked' }, 1_000))).not.toContain('pulse');
    expect(feel(asked.state, { state: 'ended', why: 'left' }).state.mode.kind).toBe('browse');
    const other = presentSession(true, { become });
    const session = { ...other, operator: { ...other.operator, id: 7n, name: 'mona', roles: ['manager'] } };
    const became = happen(asked.state, { kind: 'became', outcome: done(session) });
    expect([became.state.session?.operator.name, became.state.pulse.writesUntil, became.state.view.resource]).toEqual([
      'mona',
      undefined,
      'accounts',
    ]);
    expect(kindsOf(became)).toEqual(['read-page', 'count', 'pulse']);
  });

  test('that fails leaves everything as it was', () => {
    const before = present(small, open, { session: presentSession(true, { become }) });
    const failed = happen(command(before, 'as king').state, { kind: 'became', outcome: forbidden('no demo operator is king') }).state;
    expect([failed.session, failed.flash?.text, failed.pulse.handedOver]).toEqual([before.session, 'no demo operator is king', false]);
  });
});
