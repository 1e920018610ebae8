import { signInMachine } from '../database/machine-sign-in.ts';
import { holderOf } from '../database/sign-in.ts';
import { machinePrefix } from '../domain/machine.ts';
import { done, type Outcome, type Refusal } from '../domain/outcome.ts';
import { keepLooking } from '../kit/keep-looking.ts';
import type { Session } from '../kit/session.ts';
import { addressOf } from './anchors.ts';
import { clientOf, newToken, provenSession, type Entrance } from './entry.ts';
import { keepTaken, readMachineKeys } from './machine-key.ts';
import { isAwaited, untilApproved, type Patience } from './machine-wait.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** Between two looks whether its session still lives, in milliseconds. */
const lookEvery = 1_000;

const machineAsksNothing: Refusal = {
  kind: 'forbidden',
  message: 'a machine asks for nothing: it executes what people planned or queued',
  next: 'sign in with "bursar login NAME"',
};

/** A machine that has signed in by its key, and does so again for as long as it may. */
export type MachinePresence = {
  /** Its session now: another one after somebody ended the one before, or after a restore. */
  readonly session: () => Session;
  /**
   * Prolongs the session and opens another where it has ended, until the signal, or until the key is taken no longer: then why. Where it ran out while the one
   * after it waits to be approved, it waits too. Never rejects.
   */
  readonly stay: (patience: Patience) => Promise<Refusal | undefined>;
};

type Held = { session: Session; token: string; renewAt: number };

/** Shows the keys that lie here; read anew each time, because one may have been made meanwhile. */
const show = async (
  { database, config }: Entrance,
  token: string,
): Promise<Outcome<{ readonly operator: string; readonly renewAt: number }>> => {
  const address = addressOf(config);
  const keys = await readMachineKeys(config.home, address);
  if (!keys) return { ok: false, refusal: { kind: 'forbidden', message: 'the key of this machine is no longer in its file' } };
  const begun = performance.now();
  const signedIn = await signInMachine(database.writes, { ...keys, token, client: clientOf(config).name });
  if (!signedIn.ok) return signedIn;
  await keepTaken(config.home, address, keys, signedIn.value.fingerprint);
  return done({ operator: `${machinePrefix}${keys.name}`, renewAt: begun + signedIn.value.lastsMs / 2 });
};

const enter = async (entrance: Entrance): Promise<Outcome<Held>> => {
  const token = newToken();
  const shown = await show(entrance, token);
  if (!shown.ok) return shown;
  const { operator, renewAt } = shown.value;
  return done({ session: await provenSession(entrance, operator, token, { asksNothing: machineAsksNothing }), token, renewAt });
};

/** Waits for what people have yet to approve, and says when that is over; the refusal where they did not. */
const waitForKey = async (entrance: Entrance, patience: Patience): Promise<Refusal | undefined> => {
  try {
    if ((await untilApproved(entrance, patience)) && !patience.signal.aborted) patience.say('its key is approved: the daemon goes on');
    return undefined;
  } catch (error) {
    if (error instanceof SignInRefused) return error.refusal;
    throw error;
  }
};

/** Prolongs a session that lives and is half over, and puts another in the place of one that has ended. */
const renew = async (entrance: Entrance, held: Held, patience: Patience): Promise<Refusal | undefined> => {
  if ((await holderOf(entrance.database.writes, held.token)) !== undefined) {
    if (performance.now() < held.renewAt) return undefined;
    const shown = await show(entrance, held.token);
    // it ran out between both questions: the next look finds its session over
    if (!shown.ok) return (await isAwaited(entrance)) ? undefined : shown.refusal;
    held.renewAt = shown.value.renewAt;
    return undefined;
  }
  const refusal = await waitForKey(entrance, patience);
  if (refusal || patience.signal.aborted) return refusal;
  const entered = await enter(entrance);
  if (!entered.ok) return entered.refusal;
  entrance.opened.splice(entrance.opened.indexOf(held.session), 1);
  Object.assign(held, entered.value);
  return undefined;
};

/** Signs in by the key of a machine that lies in this home; undefined where there is none, or where whoever has patience was asked to end. Throws SignInRefused where the key is not taken. */
export const enterByMachine = async (entrance: Entrance, patience: Patience | undefined): Promise<MachinePresence | undefined> => {
  const { config } = entrance;
  if (patience) await untilApproved(entrance, patience);
  if (patience?.signal.aborted || !(await readMachineKeys(config.home, addressOf(config)))) return undefined;
  const entered = await enter(entrance);
  if (!entered.ok) throw new SignInRefused(entered.refusal);
  const held = entered.value;
  return {
    session: () => held.session,
    stay: async waiting => {
      const { signal, onError } = waiting;
      const refused = new AbortController();
      let refusal: Refusal | undefined;
      const look = async (): Promise<void> => {
        refusal = await renew(entrance, held, waiting);
        if (refusal) refused.abort();
      };
      // A database that is away is waited for
      await keepLooking(look, { signal: AbortSignal.any([signal, refused.signal]), firstAfterMs: lookEvery, everyMs: lookEvery, onError });
      return refusal;
    },
  };
};
