import { expect, test } from 'vitest';
import type { Pulse } from '../../../src/kit/presence.ts';
import type { Mode, State } from '../../../src/tui/state/types.ts';
import { aPulse, minutes, modeOf, present } from '../../screens/presence-states.ts';
import { pictureOf } from '../../support/frame.tsx';
import { aBulk, aConfirm, freezeForm, noon, small } from '../../support/state.ts';
import { happen, kindsOf, press } from '../../support/state-play.ts';

const open = { windowExpiresAt: minutes(14), windowReason: 'ticket 4711' };
const feel = (state: State, changes: Partial<Pulse> = {}) =>
  happen(state, { kind: 'pulse-felt', asked: state.asked.pulse, pulse: aPulse({ ...open, at: new Date(noon), ...changes }) });
const lacking = { lacks: 6, permissions: null, windowExpiresAt: null } as const;
const forms: readonly Mode[] = [
  { kind: 'browse' },
  { kind: 'form', form: freezeForm() },
  { kind: 'confirm', confirm: aConfirm() },
  { kind: 'bulk', bulk: aBulk() },
];

test.each(forms)('an older backup that takes the place of the bank over $kind is told in a sentence, and all goes on by itself', under => {
  const before = present(small, open, { mode: under });
  const covered = feel(before, lacking);
  expect([modeOf(covered.state, 'lacking').under, kindsOf(covered), covered.state.flash]).toEqual([under, [], before.flash]);
  const told = pictureOf(covered.state).replaceAll(/\s+/g, ' ');
  expect(told).toContain('An older backup was restored, and 6 migrations wait: "bursar maintain migrations --what apply" on the host');
  expect(told).not.toContain('447100930012');
  const later = happen(covered.state, { kind: 'ticked' }, 1_000);
  expect([kindsOf(later), press(later.state, 'confirmed', 'actions-opened', 'command-opened').state.mode.kind]).toEqual([
    ['pulse'],
    'lacking',
  ]);
  const asked = { ...later.state, pulse: { ...later.state.pulse, beating: false } };
  const applied = feel(asked);
  expect([applied.state.mode, kindsOf(applied)[0], applied.state.pulse.writesUntil]).toEqual([under, 'refresh', minutes(14).getTime()]);
});

test('a locked screen says it as well, and what was asked whether to leave goes back to the bank', () => {
  const { state } = press(present(small), 'suspended');
  const locked = feel(state, lacking).state;
  expect([locked.mode.kind, pictureOf(locked).replaceAll(/\s+/g, ' ')]).toEqual([
    'lock',
    expect.stringContaining('6 migrations wait') as string,
  ]);
  expect(pictureOf(feel(locked).state)).not.toContain('migrations');
  const leaving = press(feel(present(small), lacking).state, 'quit-asked');
  expect(leaving.state.mode).toMatchObject({ kind: 'quit', under: { kind: 'lacking' } });
  expect(press(feel(leaving.state).state, 'escaped').state.mode).toEqual({ kind: 'browse' });
});

test('a database that goes away meanwhile is told too, and found again', () => {
  const covered = feel(present(small), { ...lacking, lacks: 1 }).state;
  expect(pictureOf(covered)).toContain('one migration waits');
  const lost = happen(covered, { kind: 'pulse-failed', asked: covered.asked.pulse, lost: true }).state;
  expect(pictureOf(lost)).toContain('does not answer');
  expect(pictureOf(feel(lost, lacking).state)).not.toContain('does not answer');
});
