import { open } from 'node:fs/promises';

/** Where a secret comes from: a file of mode 600 goes before the environment. */
export type SecretSource = { readonly file: string | undefined; readonly variable: string; readonly fromEnvironment: string | undefined };

/** A secret that cannot be had; the message says what to do and holds nothing of it. */
export class SecretError extends Error {
  override name = 'SecretError';
}

const othersMayRead = 0o077;

const readSecretFile = async (file: string): Promise<string> => {
  try {
    await using handle = await open(file);
    const { mode } = await handle.stat();
    if ((mode & othersMayRead) !== 0) throw new SecretError(`${file} can be read by others: chmod 600 it`);
    return (await handle.readFile('utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof SecretError) throw error;
    throw new SecretError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

/** Read at every use, so that a changed secret needs no restart. Undefined where none is named. Throws SecretError. */
export const readSecret = async ({ file, variable, fromEnvironment }: SecretSource): Promise<string | undefined> => {
  const secret = file === undefined ? fromEnvironment : await readSecretFile(file);
  if (secret === '') throw new SecretError(`${file ?? variable} is empty`);
  return secret;
};
