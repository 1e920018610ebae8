import type { Gate } from '../../src/kit/gate.ts';
import type { Presence, Pulse } from '../../src/kit/presence.ts';
import type { Session } from '../../src/kit/session.ts';
import { permissions } from '../../src/domain/permission.ts';
import type { PulseState } from '../../src/tui/state/session-types.ts';
import { newPulse } from '../../src/tui/state/start.ts';
import type { Mode, Size, State } from '../../src/tui/state/types.ts';
import { aSession, aState, noon } from '../support/state.ts';

const refuse = async (): Promise<never> => {
  throw new Error('frames ask the database for nothing');
};

/** A presence that is only there: whatever would ask the database throws. */
const aPresence = (): Presence => ({
  pulse: refuse,
  lacking: refuse,
  openWindow: refuse,
  renewWindow: refuse,
  closeWindow: refuse,
  confirmCode: refuse,
  demoCode: refuse,
  lock: refuse,
  unlock: refuse,
});

export const minutes = (count: number): Date => new Date(noon + count * 60_000);

/** The pulse of a session that is read-only and has nothing waiting. */
export const aPulse = (changes: Partial<Pulse> = {}): Pulse => ({
  state: 'live',
  why: null,
  expiresAt: minutes(400),
  windowExpiresAt: null,
  windowReason: null,
  inbox: 0,
  toRatify: 0,
  brokenGlass: 0,
  incident: null,
  developers: null,
  permissions: [...permissions, 'self'],
  maintenanceUntil: null,
  codeAt: null,
  at: new Date(noon),
  ...changes,
});

/** What is known after such a pulse. */
export const afterPulse = (changes: Partial<Pulse> = {}): PulseState => {
  const last = aPulse(changes);
  const writesUntil = last.windowExpiresAt?.getTime();
  return { ...newPulse(noon), last, writesUntil, wroteBefore: writesUntil !== undefined };
};

export const presentSession = (demo = false, changes: Partial<Session> = {}): Session =>
  aSession({ demo, production: !demo }, { presence: aPresence(), ...changes });

/** An operator of a bank in production who has signed in. */
export const present = (size: Size, pulse: Partial<Pulse> = {}, changes: Partial<State> = {}): State => ({
  ...aState(size, { session: presentSession() }),
  pulse: afterPulse(pulse),
  ...changes,
});

export const aGate: Gate = { environment: aSession({ production: true, demo: false }).environment, signIn: refuse };

export const modeOf = <Kind extends Mode['kind']>({ mode }: State, kind: Kind): Extract<Mode, { kind: Kind }> => {
  if (mode.kind !== kind) throw new Error(`the mode is ${mode.kind}, not ${kind}`);
  return mode as Extract<Mode, { kind: Kind }>;
};
