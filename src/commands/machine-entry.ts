import { signInMachine } from '../database/machine-sign-in.ts';
import { holderOf } from '../database/sign-in.ts';
import { machinePrefix } from '../domain/machine.ts';
import { done, type Outcome, type Refusal } from '../domain/outcome.ts';
import { keepLooking } from '../kit/keep-looking.ts';
import type { Session } from '../kit/session.ts';
import { addressOf } from './anchors.ts';
import { clientOf, newToken, provenSession, type Entrance } from './entry.ts';
import { keepTaken, readMachineKeys } from './machine-key.ts';
import { untilApproved, type Patience } from './machine-wait.ts';
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
  /** Prolongs the session and opens another where it has ended, until the signal, or until the key is taken no longer: then why. Never rejects. */
  readonly stay: (options: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void }) => Promise<Refusal | undefined>;
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

/** Prolongs a session that lives and is half over, and puts another in the place of one that has ended. */
const renew = async (entrance: Entrance, held: Held): Promise<Refusal | undefined> => {
  if ((await holderOf(entrance.database.writes, held.token)) !== undefined) {
    if (performance.now() < held.renewAt) return undefined;
    const shown = await show(entrance, held.token);
    if (!shown.ok) return shown.refusal;
    held.renewAt = shown.value.renewAt;
    return undefined;
  }
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
    stay: async ({ signal, onError }) => {
      const refused = new AbortController();
      let refusal: Refusal | undefined;
      const look = async (): Promise<void> => {
        refusal = await renew(entrance, held);
        if (refusal) refused.abort();
      };
      // A database that is away is waited for
      await keepLooking(look, { signal: AbortSignal.any([signal, refused.signal]), firstAfterMs: lookEvery, everyMs: lookEvery, onError });
      return refusal;
    },
  };
};
