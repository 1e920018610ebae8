import { z } from 'zod';
import { wholeNumber } from './whole-number.ts';

/** How OpenSSH prints the fingerprint of a host key: SHA-256 in base64 without padding (ssh-keygen -l). */
const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}$/;

export const Fingerprint = z.string().trim().regex(fingerprintPattern, 'looks like SHA256: and 43 characters, as ssh-keygen -l prints it');

/** How a managed host is called here. */
export const HostName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'is a small letter, then small letters, digits and dashes');

/** `web1, web2`: hosts of the inventory, each once, in their order. */
export const HostNames = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,62}([\s,]+[a-z][a-z0-9-]{0,62}){0,49}$/, 'are names of hosts, at most fifty')
  .transform(typed => [...new Set(typed.split(/[\s,]+/))]);

/** Where it is: a name of DNS or an address. What begins with a dash, or holds blanks, could be taken for something else. */
export const HostAddress = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:]{2,45}$/, 'is a host name or an IP address');

export const HostUser = z
  .string()
  .trim()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is the name of an account');

export const HostPort = wholeNumber(1, 65_535).default(22);

/** `db, eu-1`: what a host is for, at most twenty words. */
export const HostTags = z
  .string()
  .trim()
  .regex(/^([a-z0-9][a-z0-9.-]{0,30}([\s,]+|$)){0,20}$/, 'are words of small letters, digits, dots and dashes')
  .default('')
  .transform(typed => [...new Set(typed.split(/[\s,]+/).filter(word => word !== ''))]);

export const hostEnvironments = ['production', 'staging', 'test', 'demo'] as const;
export type HostEnvironment = (typeof hostEnvironments)[number];

export const hostStates = ['not asked', 'up', 'unreachable', 'changed-key', 'refused', 'lost', 'timed-out'] as const;
export type HostState = (typeof hostStates)[number];

/** What each state means for whoever reads it. */
export const hostStateWords: Readonly<Record<HostState, string>> = {
  'not asked': 'nobody has asked it yet',
  up: 'up: it has the pinned key and lets us in',
  unreachable: 'it cannot be reached',
  'changed-key': 'it shows another key than the pinned one: nothing is sent to it',
  refused: 'it does not let us in',
  lost: 'the connection broke off',
  'timed-out': 'it does not answer',
};

/** What a connection needs to know; from the inventory, never from a command line. */
export type RemoteAddress = { readonly address: string; readonly port: number; readonly user: string };

/** Why a host was not reached, or what became of a connection. */
export type RemoteFault =
  | { readonly kind: 'unreachable'; readonly message: string }
  /** Its key is not the pinned one: no command was sent. */
  | { readonly kind: 'changed-key'; readonly message: string; readonly seen: string }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'timed-out'; readonly message: string };

/** How this console signs in to hosts; without a key file the agent of whoever started it does. */
export const RemoteSettings = z.strictObject({ keyFile: z.string().min(1).optional() });
export type RemoteSettings = z.output<typeof RemoteSettings>;
