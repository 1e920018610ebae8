import { createHash, randomBytes } from 'node:crypto';

/** Without i, l, o and u: what is read wrongly from paper can be put right, see `lookAlikes`. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz';
const lookAlikes: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

const codes = 10;
/** Five bits each: 80 bits. */
const lettersPerCode = 16;

/** One code. 32 letters divide the 256 values of a byte evenly, so none comes up more often. */
export const newCode = (): string =>
  Array.from(randomBytes(lettersPerCode), byte => letters[byte % letters.length])
    .join('')
    .replaceAll(/(.{4})(?=.)/g, '$1-');

/** The codes that sign a person in whose phone is lost; each is shown once and works once. */
export const newRecoveryCodes = (): string[] => Array.from({ length: codes }, newCode);

/** A code as it is compared: however it was copied from paper, it is the same. */
export const normalizeRecoveryCode = (typed: string): string =>
  typed
    .toLowerCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll(/[oil]/g, letter => lookAlikes[letter] ?? letter);

/** Whether somebody typed a recovery code where a one-time code is asked for; says nothing about whether it is right. */
export const isLikeRecoveryCode = (typed: string): boolean =>
  new RegExp(`^[${letters}]{${lettersPerCode}}$`).test(normalizeRecoveryCode(typed));

/** What is stored of a code. One fast hash is enough: nobody tries 80 random bits, and equal codes do not occur, so no salt is needed. */
export const hashRecoveryCode = (code: string): Buffer => createHash('sha256').update(normalizeRecoveryCode(code)).digest();
