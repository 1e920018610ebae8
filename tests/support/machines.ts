import { randomBytes } from 'node:crypto';
import { signInMachine } from '../../src/database/machine-sign-in.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { fingerprintOfKey } from '../../src/domain/machine.ts';
import type { StaffedBank, Member } from './staff.ts';

/** As `bursar machines enrol` makes one. */
export const aKey = (): string => randomBytes(32).toString('base64url');

export type AddedMachine = {
  readonly name: string;
  readonly key: string;
  readonly id: bigint;
  /** Opens a session by the key; gives its token. */
  readonly token: () => Promise<string>;
};

/** Shows keys as a machine does; gives the token. */
export const showKeys = async (
  { database }: Pick<StaffedBank, 'database'>,
  name: string,
  keys: readonly string[],
  token = randomBytes(32).toString('hex'),
): Promise<Outcome<string>> => {
  const signedIn = await signInMachine(database.writes, { name, keys, token, client: 'bursar 1 of root on backup1' });
  return signedIn.ok ? { ok: true, value: token } : signedIn;
};

/** Has two people add a machine. */
export const addMachine = async (
  bank: StaffedBank,
  { maker, checker }: { readonly maker: Member; readonly checker: Member },
  name: string,
  wish: Readonly<Record<string, string>> = {},
  key = aKey(),
): Promise<AddedMachine> => {
  const typed = { name, place: 'a host of a test', fingerprint: fingerprintOfKey(key), note: 'added by a test of machines', ...wish };
  const added = await bank.both(maker, checker, 'machines.add', typed);
  if (!added.ok) throw new Error(`${added.refusal.message}: ${added.refusal.next ?? ''}`);
  return {
    name,
    key,
    id: await bank.idOf(`machine.${name}`),
    token: async () => {
      const shown = await showKeys(bank, name, [key]);
      if (!shown.ok) throw new Error(shown.refusal.message);
      return shown.value;
    },
  };
};

/** The words in which an attempt was refused. */
export const refusalOf = async (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
