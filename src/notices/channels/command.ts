import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { NoticeSettings } from '../../domain/notice-settings.ts';
import { safe } from '../../domain/safe-text.ts';
import { undelivered, type Channel, type Delivered, type OutgoingNotice } from '../channel.ts';

export type CommandSettings = NonNullable<NoticeSettings['command']>;
export type CommandOptions = {
  readonly environment: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
  /** Between the request to end and the end, in milliseconds. */
  readonly graceMs?: number;
};

/** EX_DATAERR of sysexits.h: the command says that this notice can never be delivered. */
const neverCode = 65;
/** Characters of its errors that are kept; the rest is read and dropped, so that it never waits for us. */
const keptOutput = 4_000;
const lastWordsMs = 100;
/** What a program needs to run at all; our own secrets are not among it. */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ'];

type Ending = { readonly code: number | null; readonly how: string };

/** The command and all that it started; gone already is as good. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const endingOf = async (child: ChildProcess): Promise<Ending> => {
  // `once` would reject beside the other when the command cannot be started, unheard
  const closed = new Promise<void>(resolve => void child.once('close', () => resolve()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // its last words are on their way; a child that it left behind may keep them open for ever
  await Promise.race([closed, delay(lastWordsMs)]);
  return { code, how: signal === null ? `code ${code}` : signal };
};

/** Asks the group to end, then ends it: children that outlive their parent go too. */
const endGroup = async (child: ChildProcess, ended: Promise<Ending>, graceMs: number): Promise<void> => {
  signalGroup(child, 'SIGTERM');
  const left = new AbortController();
  await Promise.race([ended, delay(graceMs, undefined, { signal: left.signal })]);
  left.abort();
  signalGroup(child, 'SIGKILL');
  await ended;
};

const start = ({ program, args }: CommandSettings, environment: NodeJS.ProcessEnv, input: string) => {
  const env = Object.fromEntries(passedOn.flatMap(name => (environment[name] === undefined ? [] : [[name, environment[name]]])));
  const child = spawn(program, args, { cwd: '/', env, detached: true, shell: false, stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (errors.length < keptOutput) errors += text.slice(0, keptOutput - errors.length);
  });
  // a command may succeed without reading what it is told; whether it did, its code says
  child.stdin.on('error', () => undefined).end(input);
  return { child, errors: () => errors };
};

const inputOf = ({ id, template, to, subject, body, createdAt }: OutgoingNotice): string =>
  `${JSON.stringify({ id, template, to, subject, body, createdAt: createdAt.toISOString() })}\n`;

const judge = ({ code, how }: Ending, errors: string, { confidential }: OutgoingNotice): Delivered => {
  if (code === 0) return { ok: true, detail: 'code 0' };
  const said = confidential || errors.trim() === '' ? '' : `: ${safe(errors.trim(), { max: 200 })}`;
  return undelivered(`the command ended with ${how}${said}`, { permanent: code === neverCode });
};

/** A program of one's own, without a shell: the notice as JSON on its input, nothing of it among its arguments. */
export const commandChannel = (
  settings: CommandSettings,
  { environment, patienceMs = 30_000, graceMs = 2_000 }: CommandOptions,
): Channel => ({
  name: 'command',
  deliver: async (notice, signal) => {
    if (signal.aborted) return undelivered('not begun: the console is ending');
    try {
      const { child, errors } = start(settings, environment, inputOf(notice));
      const ended = endingOf(child);
      const tooLong = once(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]), 'abort');
      const ending = await Promise.race([ended, tooLong.then(() => undefined)]);
      if (!ending) await endGroup(child, ended, graceMs);
      child.stderr.destroy();
      return ending ? judge(ending, errors(), notice) : undelivered('the command did not end in time');
    } catch (error) {
      return undelivered(`the command cannot be started (${(error as NodeJS.ErrnoException).code})`);
    }
  },
});
