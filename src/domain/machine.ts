import { createHash } from 'node:crypto';
import { z } from 'zod';
import { formatInstant } from './day.ts';
import { isNetwork } from './network.ts';

/** How a machine is called as an operator, in the audit log and wherever only a name stands; no person has such a name. */
export const machinePrefix = 'machine.';

export const isMachineName = (operator: string): boolean => operator.startsWith(machinePrefix);

export const MachineName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'begins with a small letter and has up to 40 small letters, digits or dashes')
  .meta({ title: 'Name' });

export const MachinePlace = z
  .string()
  .trim()
  .min(1, 'is missing')
  .max(200, 'has at most 200 characters')
  .regex(/^[^\p{Cc}]*$/u, 'holds a control character')
  .meta({ title: 'Host, and what it is for' });

/** `10.0.0.5, 10.1.0.0/24`; nothing is anywhere. */
export const MachineNetworks = z
  .string()
  .trim()
  .transform((typed, context): readonly string[] => {
    const words = [...new Set(typed.toLowerCase().split(/[\s,]+/).filter(word => word !== ''))]; // prettier-ignore
    const strange = words.find(word => !isNetwork(word));
    if (strange !== undefined)
      context.issues.push({ code: 'custom', message: `takes addresses and networks, and "${strange.slice(0, 50)}" is none`, input: typed });
    if (words.length > 20) context.issues.push({ code: 'custom', message: 'takes 20 addresses or networks at most', input: typed });
    return words;
  })
  .default([])
  .meta({ title: 'Only from these addresses' });

export const KeyDays = z.coerce
  .number('is a number of days')
  .int('is a whole number of days')
  .min(1, 'is at least 1')
  .max(366, 'is at most 366')
  .optional()
  .meta({ title: 'Key stands for days' });

/** What two people approve of a key. */
export const KeyFingerprint = z
  .string()
  .trim()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'looks like SHA256: and 43 characters, as "bursar machines enrol" shows it on that host')
  .meta({ title: 'Fingerprint of its key' });

/** What people compare and approve of a key, and all that the database keeps. Its form is that of host keys. */
export const fingerprintOfKey = (key: string): string => `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;

/** Days before its end in which the key of a machine is warned of. */
export const warnedDays = 14;

const day = 86_400_000;

type MachineStanding = { readonly isActive: boolean; readonly validUntil: Date | null; readonly now: Date };

/** One word for how a machine stands. */
export const standingOf = ({ isActive, validUntil, now }: MachineStanding): 'active' | 'ends soon' | 'ended' | 'revoked' => {
  if (!isActive || validUntil === null) return 'revoked';
  const left = validUntil.getTime() - now.getTime();
  if (left <= 0) return 'ended';
  return left <= warnedDays * day ? 'ends soon' : 'active';
};

/** `until 2027-02-19 10:00:00, 90 days` */
export const keyEnds = (validUntil: Date, now: Date): string =>
  `until ${formatInstant(validUntil)}, ${Math.max(0, Math.floor((validUntil.getTime() - now.getTime()) / day))} days`;
