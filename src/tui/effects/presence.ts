import { setTimeout as pause } from 'node:timers/promises';
import { failed, type Outcome } from '../../domain/outcome.ts';
import { explainError } from '../../kit/explain.ts';
import type { Presence } from '../../kit/presence.ts';
import type { Session } from '../../kit/session.ts';
import type { Gate } from '../../kit/gate.ts';
import type { Effect } from '../state/effects.ts';
import type { Happening } from '../state/events.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;
export type PresenceEffect = Of<
  'pulse' | 'open-window' | 'renew-window' | 'close-window' | 'confirm-code' | 'show-demo-code' | 'lock' | 'unlock' | 'become' | 'sign-in'
>;

const kinds: ReadonlySet<Effect['kind']> = new Set<PresenceEffect['kind']>([
  'pulse',
  'open-window',
  'renew-window',
  'close-window',
  'confirm-code',
  'show-demo-code',
  'lock',
  'unlock',
  'become',
  'sign-in',
]);
export const isPresenceEffect = (effect: Effect): effect is PresenceEffect => kinds.has(effect.kind);

/** Before the shell comes back the database gets so long to lock the session; the screen is locked by then. In milliseconds. */
const lockPatience = 300;

export type Asked = {
  readonly session: Session | undefined;
  readonly gate: Gate | undefined;
  readonly suspend: () => Promise<void>;
  readonly tell: (error: unknown) => void;
};

/** What nobody expected is answered like a refusal, where the dialog that waits for it can say so. */
const orFailed = async <T>(work: () => Promise<Outcome<T>>, tell: Asked['tell']): Promise<Outcome<T>> => {
  try {
    return await work();
  } catch (error) {
    tell(error);
    const { message, next } = explainError(error);
    return failed(message, next ?? 'try again');
  }
};

const felt = async (presence: Presence, { asked, active, locked }: Of<'pulse'>, tell: Asked['tell']): Promise<Happening> => {
  try {
    return { kind: 'pulse-felt', asked, pulse: await presence.pulse(active, locked) };
  } catch (error) {
    tell(error);
    return { kind: 'pulse-failed', asked, lost: explainError(error).lost };
  }
};

const lock = async (presence: Presence, tell: Asked['tell']): Promise<Happening> => {
  try {
    await presence.lock();
    return { kind: 'session-locked' };
  } catch (error) {
    // The screen is locked all the same; the next tick asks again
    tell(error);
    return { kind: 'pulse-failed', asked: 0, lost: explainError(error).lost };
  }
};

const lockAndSuspend = async (presence: Presence, { suspend, tell }: Asked): Promise<Happening> => {
  const locking = lock(presence, tell);
  await Promise.race([locking, pause(lockPatience)]);
  await suspend();
  return locking;
};

const ofPresence = async (effect: PresenceEffect, presence: Presence, asked: Asked): Promise<Happening | undefined> => {
  const { tell } = asked;
  switch (effect.kind) {
    case 'pulse':
      return felt(presence, effect, tell);
    case 'open-window':
      return { kind: 'window-answered', outcome: await orFailed(() => presence.openWindow(effect.reason, effect.minutes), tell) };
    case 'renew-window':
      return { kind: 'window-answered', outcome: await orFailed(() => presence.renewWindow(effect.minutes), tell) };
    case 'close-window':
      await presence.closeWindow();
      return { kind: 'window-closed' };
    case 'confirm-code':
      return { kind: 'code-answered', outcome: await orFailed(() => presence.confirmCode(effect.code), tell) };
    case 'show-demo-code': {
      const code = await presence.demoCode();
      return code === undefined ? undefined : { kind: 'demo-code-shown', code };
    }
    case 'lock':
      return effect.suspends ? lockAndSuspend(presence, asked) : lock(presence, tell);
    case 'unlock':
      return { kind: 'unlock-answered', outcome: await orFailed(() => presence.unlock(effect.password), tell) };
    default:
      return undefined;
  }
};

/** What concerns the session itself. Undefined where there is none to ask. */
export const performPresence = async (effect: PresenceEffect, asked: Asked): Promise<Happening | undefined> => {
  const { session, gate, tell } = asked;
  if (effect.kind === 'sign-in') {
    return (
      gate && { kind: 'sign-in-answered', outcome: await orFailed(() => gate.signIn(effect.name, effect.password, effect.code), tell) }
    );
  }
  if (effect.kind === 'become') {
    const become = session?.become;
    return become && { kind: 'became', outcome: await orFailed(() => become(effect.role), tell) };
  }
  return session?.presence && ofPresence(effect, session.presence, asked);
};
