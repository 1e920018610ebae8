import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Reading } from '../../domain/health.ts';
import { safe } from '../../domain/safe-text.ts';
import { run } from './words-of.ts';

const day = 86_400_000;

/** How many days the first certificate of a file still holds. */
export const readCertificate = async (file: string, now: number): Promise<Reading> => {
  const common = { measure: 'host-certificate', subject: safe(file, { max: 200 }) };
  try {
    const { validTo, subject } = new X509Certificate(await readFile(file));
    const days = Math.floor((Date.parse(validTo) - now) / day);
    return {
      ...common,
      value: days,
      words: `${safe(subject.replaceAll('\n', ', '), { max: 120 })} until ${new Date(validTo).toISOString().slice(0, 10)}`,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ...common, value: null, grade: 'warn', words: `cannot be read: ${safe(code ?? message, { max: 120 })}` };
  }
};

/** Whether systemd says that a unit is active. */
export const askService = async (unit: string, signal: AbortSignal): Promise<Reading> => {
  const { code, output } = await run('systemctl', ['is-active', '--', unit], { timeoutMs: 10_000, signal });
  const state = safe(output.trim().split('\n')[0] ?? '', { max: 60 });
  const common = { measure: 'host-service', subject: unit };
  if (code === 127 || code === 124 || state === '')
    return { ...common, value: null, words: 'systemctl does not say: this host has no systemd' };
  return { ...common, value: state === 'active' ? 1 : 0, words: `systemd says that it is ${state}` };
};

/** Ports that listen and that nobody expects, from what the host said of its ports. */
export const unexpectedPorts = (readings: readonly Reading[], expected: readonly number[]): Reading | undefined => {
  const listening = readings.find(({ measure }) => measure === 'host-listening');
  if (!listening || listening.value === null) return undefined;
  const open = [...listening.words.matchAll(/\d+/g)].map(([port]) => Number(port));
  const strange = open.filter(port => !expected.includes(port));
  const missing = expected.filter(port => !open.includes(port));
  const closed = missing.length === 0 ? '' : `; nothing listens on ${missing.join(', ')}`;
  return {
    measure: 'host-ports',
    value: strange.length,
    words: `${strange.length === 0 ? 'only those that are expected' : `not expected: ${strange.join(', ')}`}${closed}`,
  };
};
