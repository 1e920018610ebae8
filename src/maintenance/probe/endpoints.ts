import { createConnection, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import type { Reading } from '../../domain/health.ts';
import { safe } from '../../domain/safe-text.ts';

/** An endpoint that says nothing for so long is taken for one that does not work, in milliseconds. */
const patience = 5_000;

/** What came of asking, in words; throws in words what is wrong. */
type Asked = { readonly words: string; readonly grade?: 'warn' };

const reasonOf = (error: unknown): string => {
  const { cause, code, message } = error as { cause?: { code?: string; message?: string }; code?: string; message?: string };
  return safe(cause?.code ?? cause?.message ?? code ?? message ?? 'no reason was given', { max: 200 });
};

/** How long asking took; bad where it went wrong. */
export const timed = async (measure: string, ask: () => Promise<Asked>): Promise<Reading> => {
  const began = performance.now();
  try {
    const asked = await ask();
    return { measure, value: Math.round(performance.now() - began), ...asked };
  } catch (error) {
    return { measure, value: null, grade: 'bad', words: reasonOf(error) };
  }
};

/** The platform's own address of health: 200, without following anything. */
export const askHttp = (address: string): Promise<Reading> =>
  timed('platform-http', async () => {
    const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(patience) });
    const body = safe((await answer.text()).slice(0, 200), { max: 120 });
    if (answer.status !== 200) throw new Error(`answers ${answer.status}: ${body}`);
    return { words: `200 ${body}` };
  });

const placeOf = (endpoint: string): { readonly host: string; readonly port: number } => {
  const colon = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) };
};

/** The first line that an endpoint says, after it was told something. */
const firstLine = (endpoint: string, say: string, farewell: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket: Socket = createConnection(placeOf(endpoint));
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`said nothing for ${patience / 1_000} s`))), patience);
    let heard = '';
    socket.on('connect', () => socket.write(say));
    socket.on('error', error => end(() => reject(error)));
    socket.on('close', () => end(() => reject(new Error('closed the connection without a word'))));
    socket.on('data', piece => {
      heard += piece.toString('latin1');
      const line = /^[^\r\n]*(?=\r?\n)/.exec(heard)?.[0];
      if (line !== undefined) socket.write(farewell, () => end(() => resolve(safe(line, { max: 200 }))));
      else if (heard.length > 1_000) end(() => reject(new Error('said something else than a line')));
    });
  });

/** PING as RESP has it. One that wants a password first is there, and says so. */
export const askValkey = (endpoint: string): Promise<Reading> =>
  timed('platform-valkey', async () => {
    const line = await firstLine(endpoint, '*1\r\n$4\r\nPING\r\n', '*1\r\n$4\r\nQUIT\r\n');
    if (line === '+PONG') return { words: `${endpoint} says PONG` };
    if (line.startsWith('-NOAUTH')) return { words: `${endpoint} is there and wants a password before it says PONG` };
    throw new Error(`${endpoint} says ${line}`);
  });

/** The greeting of RFC 5321: 220. */
export const askSmtp = (endpoint: string): Promise<Reading> =>
  timed('platform-smtp', async () => {
    const line = await firstLine(endpoint, '', 'QUIT\r\n');
    if (!/^220[ -]/.test(line)) throw new Error(`${endpoint} greets with ${line}`);
    return { words: `${endpoint} greets with ${line}` };
  });

/** Whether a server still agrees to TLS 1.0 or 1.1, which our own defaults would not even offer. */
export const askOldTls = (address: string): Promise<Reading | undefined> => {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== 'https:') return Promise.resolve(undefined);
  return new Promise(resolve => {
    const measure = 'platform-tls';
    const socket = connectTls({
      host: hostname,
      port: Number(port || 443),
      ...(/^[\d.:[\]]+$/.test(hostname) ? {} : { servername: hostname }),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      // The question is what it agrees to, not who it is; nothing is sent
      rejectUnauthorized: false,
      timeout: patience,
    });
    const end = (reading: Reading): void => {
      socket.destroy();
      resolve(reading);
    };
    socket.on('secureConnect', () =>
      end({ measure, value: 1, words: `${hostname} agrees to ${socket.getProtocol() ?? 'an old protocol'}` }),
    );
    socket.on('timeout', () => end({ measure, value: null, words: `${hostname} does not answer` }));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(
        /^E(CONN|HOST|NET|ADDR|TIME|NOTFOUND|AI_)/.test(error.code ?? '')
          ? { measure, value: null, words: `${hostname} cannot be reached: ${reasonOf(error)}` }
          : { measure, value: 0, words: `${hostname} refuses TLS 1.0 and 1.1` },
      ),
    );
  });
};
