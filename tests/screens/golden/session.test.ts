import { describe, expect, test } from 'vitest';
import { forbidden } from '../../../src/domain/outcome.ts';
import { describeState } from '../../../src/tui/effects/dump.ts';
import { frameOf } from '../../../src/tui/frame.ts';
import { bannerLine } from '../../../src/tui/parts/banner.ts';
import { initialState } from '../../../src/tui/state/start.ts';
import type { Size, State } from '../../../src/tui/state/types.ts';
import { unpainted } from '../../../src/tui/theme.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { expectGolden, pictureOf } from '../../support/frame.tsx';
import { aBulk, aConfirm, aPreview, freezeForm, large, medium, noon, small, someResults } from '../../support/state.ts';
import { happen, press } from '../../support/state-play.ts';
import { aGate, aPulse, minutes, present, presentSession } from '../presence-states.ts';

const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const atGate = (size: Size): State =>
  happen(initialState({ registry: { resources, actions }, size, now: noon, seed: 'frames' }), { kind: 'gate-opened', gate: aGate }).state;
const typedIn = (size: Size): State => {
  const named = press(type(atGate(size), 'lena'), 'confirmed').state;
  const word = press(type(named, 'correct horse battery'), 'confirmed').state;
  return type(word, '123456');
};
const refused = (size: Size): State =>
  happen(press(typedIn(size), 'confirmed').state, {
    kind: 'sign-in-answered',
    outcome: forbidden('too many failures from this address', 'try again in 8 s'),
  }).state;
const lock = (state: State): State => press(state, 'suspended').state;
const tiny: Size = { columns: 60, rows: 15 };
const asked = aPreview({ title: 'Unfreeze account', action: 'accounts.unfreeze', eyes: 2 });
const ask = freezeForm({ action: 'accounts.unfreeze', title: 'Unfreeze account' });

describe.each([small, medium, large, tiny])('at %o', size => {
  test('signing in', () => expectGolden('sign-in', typedIn(size)));
  test('signing in, refused', () => expectGolden('sign-in-refused', refused(size)));
  test('locked, over a bulk', () => {
    const bulk = aBulk({ results: someResults(12) });
    return expectGolden('lock-bulk', lock(present(size, {}, { mode: { kind: 'bulk', bulk } })));
  });
  test('locked, over runs', () => {
    const step = { status: 'running', seconds: 90, tail: '', usual: null } as const;
    const runs = [
      { runbook: 'restore', seconds: 754, steps: [{ ...step, status: 'succeeded' }, { ...step, tail: '50 %' }] },
      { runbook: 'backup', seconds: 41, steps: [{ ...step, usual: 120 }] },
      { runbook: 'of-another-version', seconds: 3, steps: [step] },
    ] as const;
    const { asked } = lock(present(size));
    return expectGolden('lock-runs', happen(lock(present(size)), { kind: 'pulse-felt', asked: asked.pulse, pulse: { ...aPulse(), state: 'locked', runs } }).state);
  }); // prettier-ignore
  test('ended', () => {
    const pulse = { ...aPulse(), state: 'ended' as const, why: 'this session was ended by ravi' };
    return expectGolden('ended', happen({ ...present(size), gate: aGate }, { kind: 'pulse-felt', asked: 0, pulse }).state);
  });
  test('asking for a write window, over a draft', () =>
    expectGolden('window', press(present(size), 'actions-opened', { name: 'letter-typed', letter: 'f' }).state));
  test('the window that is open', () => {
    const open = { windowExpiresAt: minutes(14), windowReason: 'ticket 4711', incident: '#4 level 3 cards are cloned' };
    return expectGolden('window-menu', press(present(size, open), 'window-opened').state);
  });
  test('asking for a code, in a demo', () => {
    const confirm = aConfirm({ preview: aPreview({ code: true }), focus: 'confirm' });
    const open = present(size, { windowExpiresAt: minutes(14) }, { session: presentSession(true), mode: { kind: 'confirm', confirm } });
    return expectGolden('code', happen(press(open, 'confirmed').state, { kind: 'demo-code-shown', code: '123456' }).state);
  });
  test('what takes two people', () => {
    const confirm = aConfirm({ form: ask, preview: asked, focus: 'confirm' });
    return expectGolden('confirm-ask', present(size, { windowExpiresAt: minutes(14) }, { mode: { kind: 'confirm', confirm } }));
  });
  test('everything a banner can say', () =>
    expectGolden(
      'banner-full',
      present(size, {
        windowExpiresAt: minutes(0.75),
        inbox: 3,
        incident: '#4 level 3 cards are cloned',
        developers: 'ravi until 11-22 09:30',
        brokenGlass: 1,
      }),
    ));
});

const banner = (state: State, width = 80): string => unpainted(bannerLine(state, width));

test('the banner says whether one may write, and counts the last minute in seconds', () => {
  expect(banner(present(small))).toContain('READ-ONLY (W)');
  const session = presentSession();
  const viewer = { ...session, operator: { ...session.operator, permissions: new Set(['account.read']) } };
  expect(banner(present(small, {}, { session: viewer }))).toContain('| READ-ONLY |');
  expect(banner(present(small, { windowExpiresAt: minutes(14) }))).toContain('| WRITE 14m |');
  expect(banner(present(small, { windowExpiresAt: minutes(0.75) }))).toContain('| WRITE 45s |');
  expect(banner(present(small, { inbox: 2, toRatify: 1 }))).toContain('inbox 3');
});

test('no alarm of the banner is left out at 80 columns', () => {
  const all = present(small, {
    windowExpiresAt: minutes(14),
    inbox: 12,
    incident: '#4 level 3 cards are cloned',
    developers: 'ravi until 11-22 09:30, bo until 11-22 10:00',
    brokenGlass: 1,
  });
  for (const word of ['!PROD', 'lena', 'WRITE 14m', '!INC 4!', '!DEV!', '!GL 1!', 'in 12']) expect(banner(all)).toContain(word);
  expect(banner(all, 60)).toContain('!DEV!');
});

test('a locked screen holds not one word of the bank, and nothing typed is on any screen or in a dump', () => {
  for (const size of [small, medium, large, tiny]) {
    const open = present(size, {}, { mode: { kind: 'form', form: freezeForm({ typed: { note: 'three transfers' } }) } });
    const words = frameOf(lock(open)).map(unpainted).join('\n');
    for (const word of ['4471', 'Byron', 'EUR', 'three transfers', 'Freeze']) expect(words).not.toContain(word);
    const signing = typedIn(size);
    expect(pictureOf(signing)).not.toContain('correct horse');
    expect(pictureOf(signing)).not.toContain('123456');
    for (const state of [signing, lock(open), press(signing, 'confirmed').state]) {
      expect(JSON.stringify(describeState(state), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(
        /correct horse|123456/,
      );
    }
  }
});

test('names of operators that would obey, hide or reorder do nothing on any of these screens', () => {
  const name = 'le\u001b[2Jna\u202e\u200b\u009b31m\r\n'.repeat(4);
  for (const size of [small, tiny, large, { columns: 20, rows: 5 }]) {
    const session = presentSession();
    const operator = { ...session.operator, name, displayName: name };
    const state = present(
      size,
      { developers: `${name} until 11-22`, incident: `#4 level 3 ${name}`, windowReason: name, windowExpiresAt: minutes(9) },
      {
        session: { ...session, operator },
        gate: { ...aGate, environment: { ...aGate.environment, name } },
      },
    );
    const ended = happen(state, { kind: 'pulse-felt', asked: 0, pulse: aPulse({ state: 'ended', why: `ended by ${name}` }) }).state;
    const locked = happen(lock(state), { kind: 'unlock-answered', outcome: forbidden(name, name) }).state;
    for (const shown of [
      state,
      ended,
      locked,
      press(ended, 'confirmed').state,
      press(state, 'window-opened').state,
      press(locked, 'interrupted').state,
    ]) {
      // pictureOf itself refuses what a terminal would obey, and lines that do not fit
      expect(pictureOf(shown)).not.toContain('\u001b[2J');
    }
  }
});
