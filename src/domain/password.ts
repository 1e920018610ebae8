import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

/** Shorter ones are guessed; there are no composition rules, which only make people write `Password1!` (ASVS 6.2.5). */
const shortestPassword = 15;
const longestPassword = 256;
/** `aaaaaaaaaaaaaaa` is long and known to everybody. */
const fewestCharacters = 5;

/** A password as typed. It is a secret: no preview, audit row, result or hash of an input ever holds it. What is known of it besides: password-check.ts. */
export const Password = z
  .string()
  .min(shortestPassword, `takes at least ${shortestPassword} characters`)
  .max(longestPassword, `takes at most ${longestPassword} characters`)
  .refine(password => new Set(password).size >= fewestCharacters, 'repeats a few characters only')
  .meta({ kind: 'secret', title: 'Password' });

const derive = promisify(argon2);
/** Argon2id as SECURITY.md asks: memory in KiB, passes, lanes; lengths in bytes. */
const cost = { memory: 65_536, passes: 3, parallelism: 1, tagLength: 32 } as const;
const saltLength = 16;

/** How keys are derived, in the words of the PHC format; stored with every salt, so that a later change of the cost is seen. */
export const costText = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}`;

/** Random bytes that belong to one password only. */
export const newSalt = (): Buffer => randomBytes(saltLength);

/** The 32 bytes that stand for a password where it is checked. Works for some 200 ms off the main thread. */
export const deriveKey = (password: string, salt: Buffer): Promise<Buffer> =>
  // however a keyboard composes an é, it is the same password
  derive('argon2id', { message: password.normalize('NFC'), nonce: salt, ...cost });

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** The password as it is kept, in PHC format. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = newSalt();
  return `${costText}$${base64(salt)}$${base64(await deriveKey(password, salt))}`;
};
