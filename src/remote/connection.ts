import { open as openFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Client, ClientChannel } from 'ssh2';
import type { RemoteAddress, RemoteFault } from '../domain/remote-host.ts';
import { safe } from '../domain/safe-text.ts';
import { checkHostKey, type HostKeyCheck } from './host-key.ts';
import { keepUpTo } from './keep-up-to.ts';
import { commandLine } from './quote.ts';

/** A key for signing in: the agent's socket, or the path of a private key that only its owner can read. */
export type RemoteCredentials = { readonly agent: string } | { readonly keyFile: string };

/** Host, key and way in. `pinned` is the fingerprint of the host key. */
export type RemoteTarget = {
  readonly at: RemoteAddress;
  readonly pinned: string;
  readonly credentials: RemoteCredentials;
  /** Between two questions whether the host is still there, in milliseconds; five seconds unless said. */
  readonly keepAliveMs?: number;
  /** Ends the attempt to connect, and the connection. */
  readonly signal?: AbortSignal;
};

/** The way into a host, by the key that it is pinned to. */
export type CredentialsFor = (host: Pick<RemoteTarget, 'pinned'>) => RemoteCredentials;

type RemoteAnswer = {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Standard output as it came, and as text. */
  readonly octets: Buffer;
  readonly output: string;
  readonly errors: string;
  /** Whether output was longer than what is kept. */
  readonly isCut: boolean;
};

type RunWishes = {
  /** From asking for the program to its end. */
  readonly timeoutMs: number;
  /** Octets of each stream that are kept; what comes after is read and dropped, so that nothing waits and no host fills the memory. */
  readonly most?: number;
  readonly input?: string | Buffer;
  /** Every piece of standard output, as it comes, also beyond what is kept. */
  readonly onOutput?: (piece: Buffer) => void;
};

/** An open connection to a host whose key was verified. */
export type Connection = {
  /** Milliseconds from the first packet until commands could be sent. */
  readonly handshakeMs: number;
  /** Runs a program with these words. Throws RemoteError `lost` or `timed-out` where its end was not seen: nobody knows what became of it. */
  readonly run: (words: Words, wishes: RunWishes) => Promise<RemoteAnswer>;
  readonly close: () => void;
};

/** In characters. */
const longestMessage = 600;

/** What went wrong with a host; its message is for people, and harmless whatever the host put into it. */
export class RemoteError extends Error {
  override name = 'RemoteError';
  readonly fault: RemoteFault;

  constructor(fault: RemoteFault) {
    const message = safe(fault.message, { max: longestMessage });
    super(message);
    this.fault = { ...fault, message };
  }
}

const connectTimeout = 10_000;
const usualKeepAlive = 5_000;
/** Questions that may stay unanswered. */
const mostUnanswered = 3;
const mostKept = 1_048_576;

const where = ({ address, port }: RemoteAddress): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;

const faultOf = (error: Error & { level?: string }, at: RemoteAddress, check: HostKeyCheck, wasReady: boolean): RemoteFault => {
  const seen = check.seen();
  if (wasReady) return { kind: 'lost', message: `the connection to ${where(at)} was lost` };
  if (error.level === 'client-timeout')
    return { kind: 'timed-out', message: `${where(at)} did not answer within ${connectTimeout / 1_000} s` };
  if (error.level === 'client-authentication') {
    return {
      kind: 'refused',
      message: `${where(at)} did not let ${at.user} in: its authorized_keys lacks our key, or the key file is another one`,
    };
  }
  if (/verification failed/.test(error.message) && seen) {
    return {
      kind: 'changed-key',
      message: `${where(at)} showed another key than the pinned one: nothing was sent; it showed ${seen.fingerprint}`,
      seen: seen.fingerprint,
    };
  }
  return { kind: 'unreachable', message: `${where(at)} cannot be reached: ${error.message}` };
};

/** A key that others can read is no secret: ssh itself refuses it too. */
const readKey = async (file: string): Promise<Buffer> => {
  await using opened = await openFile(file);
  const { mode } = await opened.stat();
  if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others: chmod 600 it`);
  return await opened.readFile();
};

/** Opens the transport and verifies the host key; `ready` is false where only the key was looked at. */
const open = async (
  at: RemoteAddress,
  check: HostKeyCheck,
  credentials: RemoteCredentials | undefined,
  { keepAliveMs = usualKeepAlive, signal }: Pick<RemoteTarget, 'keepAliveMs' | 'signal'> = {},
): Promise<Client> => {
  const given =
    credentials === undefined
      ? {}
      : 'agent' in credentials
        ? { agent: credentials.agent }
        : { privateKey: await readKey(credentials.keyFile) };
  // Loaded when somebody connects: most consoles never do
  const { default: ssh2 } = await import('ssh2');
  if (signal?.aborted) throw new RemoteError({ kind: 'unreachable', message: `nobody waits for ${where(at)} any more` });
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let isReady = false;
    const end = (): void => void client.destroy();
    signal?.addEventListener('abort', end);
    client.on('ready', () => {
      isReady = true;
      resolve(client);
    });
    client.on('error', (error: Error) => {
      client.destroy();
      reject(new RemoteError(faultOf(error, at, check, isReady)));
    });
    client.on('close', () => {
      signal?.removeEventListener('abort', end);
      reject(new RemoteError({ kind: 'unreachable', message: `${where(at)} closed the connection` }));
    });
    client.connect({
      host: at.address,
      port: at.port,
      username: at.user,
      readyTimeout: connectTimeout,
      keepaliveInterval: keepAliveMs,
      keepaliveCountMax: mostUnanswered,
      agentForward: false,
      tryKeyboard: false,
      hostVerifier: (key: Buffer) => check.verify(key),
      ...given,
    });
  });
};

/** Hears a program to its end. */
const listen = (
  channel: ClientChannel,
  client: Client,
  { most = mostKept, input, onOutput }: RunWishes,
  onEnd: (answer: RemoteAnswer | undefined) => void,
): void => {
  const [output, errors] = [keepUpTo(most), keepUpTo(most)];
  let end: Pick<RemoteAnswer, 'code' | 'signal'> | undefined;
  const finish = (): void => {
    client.off('close', finish);
    if (!end) return onEnd(undefined);
    const [octets, complaints] = [output.octets(), errors.octets()];
    const isCut = output.isCut() || errors.isCut();
    onEnd({ ...end, octets, output: octets.toString('utf8'), errors: complaints.toString('utf8'), isCut });
  };
  channel.on('data', (piece: Buffer) => {
    output.take(piece);
    onOutput?.(piece);
  });
  channel.stderr.on('data', (piece: Buffer) => errors.take(piece));
  channel.on('exit', (code: number | null, signal?: string) => (end = { code, signal: signal ?? null }));
  channel.on('close', finish);
  client.on('close', finish);
  channel.end(input);
};

type Words = readonly [program: string, ...rest: string[]];

/** Runs a program. Its time begins before the host has agreed to anything: one that never does would be waited for without end. */
const run = (client: Client, at: RemoteAddress, words: Words, wishes: RunWishes): Promise<RemoteAnswer> => {
  let channel: ClientChannel | undefined;
  let timer: NodeJS.Timeout | undefined;
  const answered = new Promise<RemoteAnswer>((resolve, reject) => {
    const lost = new RemoteError({ kind: 'lost', message: `the connection to ${where(at)} was lost; the command may still run` });
    const refuse = (error: Error): void => reject(new RemoteError({ kind: 'lost', message: `${where(at)} takes no commands: ${error.message}` })); // prettier-ignore
    timer = setTimeout(() => {
      const message = `the command on ${where(at)} took longer than ${wishes.timeoutMs / 1_000} s; it may still run`;
      reject(new RemoteError({ kind: 'timed-out', message }));
      channel?.close();
    }, wishes.timeoutMs);
    try {
      client.exec(commandLine(words), (error, opened) => {
        if (error) return refuse(error);
        channel = opened;
        // heard from this very moment: a program that is quick has ended by the next
        listen(opened, client, wishes, answer => (answer ? resolve(answer) : reject(lost)));
      });
    } catch (error) {
      refuse(error as Error); // the connection was lost before
    }
  });
  return answered.finally(() => clearTimeout(timer));
};

/** Connects to a host whose key is known. Throws RemoteError; with any other key than the pinned one no command is sent. */
export const connect = async ({ at, pinned, credentials, ...wishes }: RemoteTarget): Promise<Connection> => {
  const began = performance.now();
  const client = await open(at, checkHostKey(pinned), credentials, wishes);
  return {
    handshakeMs: Math.round(performance.now() - began),
    run: (words, wishes) => run(client, at, words, wishes),
    close: () => client.end(),
  };
};

/** The key that a host shows now. Nothing is sent but the handshake: whoever reads it compares it with what the host itself says. */
export const lookAtKey = async (at: RemoteAddress): Promise<{ readonly fingerprint: string; readonly type: string }> => {
  const check = checkHostKey(null);
  try {
    const client = await open(at, check, undefined);
    client.destroy();
  } catch (error) {
    const seen = check.seen();
    if (seen) return seen;
    throw error;
  }
  throw new Error('a verifier that says no let a connection through');
};
