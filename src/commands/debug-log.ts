import { closeSync, constants, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import { ConfigError } from '../config.ts';
import { safe } from '../domain/safe-text.ts';
import { harmless } from '../kit/export.ts';

/** Writes one event; what it is told may be an error. */
export type Log = { readonly write: (event: string, more?: Readonly<Record<string, unknown>>) => void; readonly close: () => void };

export const noLog: Log = { write: () => undefined, close: () => undefined };

/** A shorter word would blacken harmless text and is no secret worth the name. */
const shortestSecret = 4;

/** As it stands in an address and as it is typed. */
const passwordsIn = (address: string): readonly string[] => {
  const password = URL.canParse(address) ? new URL(address).password : '';
  return [password, /%(?![\dA-Fa-f]{2})/.test(password) ? password : decodeURIComponent(password)];
};

/** Values that must not stand in a log: the passwords of the database's logins, and whatever a variable of ours was given as a secret. */
export const secretsOf = (environment: NodeJS.ProcessEnv): readonly string[] =>
  Object.entries(environment)
    .flatMap(([name, value = '']) =>
      /(^DATABASE|^BURSAR_\w+)_URL$/.test(name) ? passwordsIn(value) : /PASSWORD|SECRET|TOKEN|CODE/.test(name) ? [value] : [],
    )
    .filter(secret => secret.length >= shortestSecret);

const blackened = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);

const told = (value: unknown, depth = 0): unknown => {
  if (!(value instanceof Error) || depth > 4) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack,
    ...(value.cause === undefined ? {} : { cause: told(value.cause, depth + 1) }),
  };
};

const openForMe = (file: string): number => {
  try {
    const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    if (!fstatSync(descriptor).isFile()) throw new Error('it is no ordinary file');
    fchmodSync(descriptor, 0o600);
    return descriptor;
  } catch (error) {
    throw new ConfigError(
      `--debug-log ${safe(file, { max: 200 })} cannot be written (${(error as Error).message.split(',')[0]}): name a file in a folder of yours`,
    );
  }
};

/** Opens a log that only its owner can read: one JSON object a line, without secrets. */
export const openLog = (file: string, secrets: readonly string[]): Log => {
  const descriptor = openForMe(file);
  return {
    write: (event, more = {}) => {
      const entry = JSON.stringify({ at: new Date().toISOString(), event, ...more }, (_key, value: unknown) => {
        if (typeof value === 'bigint') return String(value);
        return typeof value === 'string' ? blackened(value, secrets) : told(value);
      });
      writeSync(descriptor, `${harmless(entry)}\n`);
    },
    close: () => closeSync(descriptor),
  };
};
