import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { isConnectionLost } from '../database/fault.ts';
import { invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { lackingWords } from '../domain/lacking.ts';
import { runProgress } from '../domain/run.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import { runs } from '../resources/runs/index.ts';
import type { RunRow } from '../resources/runs/queries.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';
import { keepExecuting } from './execute-runs.ts';
import { NotReady } from './not-ready.ts';
import { credentialsOf } from './remote-credentials.ts';

/** Between two looks at the run, in milliseconds. */
const lookEvery = 200;
const isOpen = ({ status }: RunRow): boolean => status === 'queued' || status === 'running' || status === 'unknown';

const runNumbered = async (session: Session, number: bigint): Promise<RunRow | undefined> =>
  (await session.find(runs, number)) as RunRow | undefined;

/** How long a database that is away is waited for, in milliseconds: a restore replaces it while its run is followed. */
const patience = 120_000;

/** Why the run cannot be read: where the followed run restored an older backup, its own row may be of another schema. */
const orLacking = async (session: Session, error: unknown): Promise<unknown> => {
  const lacks = (await session.presence?.lacking()) ?? 0;
  return lacks > 0 ? new NotReady(`the run cannot be read: ${lackingWords(lacks)}`) : error;
};

/** The run as it stands; a database that is away is waited for. */
const lookAt = async (session: Session, number: bigint, signal: AbortSignal): Promise<RunRow | undefined> => {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await runNumbered(session, number);
    } catch (error) {
      if (!isConnectionLost(error)) throw await orLacking(session, error);
      if (signal.aborted || Date.now() > until) throw error;
      await pause(lookEvery, undefined, { signal }).catch(() => undefined);
    }
  }
};

/** Looks at the run until it is over, and says what changed. */
const watch = async (session: Session, number: bigint, { streams, signal }: CommandContext): Promise<RunRow | undefined> => {
  let told = '';
  for (;;) {
    const run = await lookAt(session, number, signal);
    if (!run) return undefined;
    const line = `run ${number}: ${run.status} ${runProgress(run)}`;
    if (line !== told) streams.say(line);
    told = line;
    if (!isOpen(run) || signal.aborted) return run;
    await pause(lookEvery, undefined, { signal }).catch(() => undefined);
  }
};

/** This command executes as well where it may: without an open console nobody else would. */
const follow = async (session: Session, number: bigint, context: CommandContext): Promise<RunRow | undefined> => {
  const credentials = credentialsOf(context.config);
  const end = new AbortController();
  const executing =
    session.runs && credentials.ok
      ? keepExecuting(() => session.runs, credentials.value, {
          signal: AbortSignal.any([end.signal, context.signal]),
          onError: error => context.log.write('executing a run failed', { error }),
        })
      : undefined;
  try {
    return await watch(session, number, context);
  } finally {
    end.abort();
    await executing;
  }
};

/** The number of a run, where one word was given and is one. */
export const numberOf = (words: readonly string[]): bigint | undefined => {
  const [word, ...more] = words;
  return word !== undefined && more.length === 0 && /^\d{1,18}$/.test(word) ? BigInt(word) : undefined;
};

const answer = async (run: RunRow, json: boolean, { streams }: CommandContext): Promise<number> => {
  const { id, title, status, error, seconds } = run;
  const words = `run ${id} ${status}${error === null ? '' : `: ${safe(error, { max: 400 })}`}`;
  await streams.write(
    json ? `${toJson({ ok: status === 'succeeded', run: String(id), title, status, error, seconds }, 2)}\n` : `${words}\n`,
  );
  if (status === 'succeeded') return exitCode.done;
  return isOpen(run) ? exitCode.unknown : exitCode.failed;
};

/** Follows a run to its end and tells it. */
export const followAndTell = async (session: Session, number: bigint, json: boolean, context: CommandContext): Promise<number> => {
  const run = await withDemoHost(context, session.environment.demo, () => follow(session, number, context));
  const lacks = (await session.presence?.lacking()) ?? 0;
  if (lacks > 0) context.streams.say(`${lackingWords(lacks)}; no console opens this bank before`);
  return run ? answer(run, json, context) : refuse(context.streams, json, notFound(`there is no run ${number}`));
};

/** `bursar runs follow N`. */
export const runsFollowCommand: Command = {
  name: 'runs follow',
  summary: 'N: execute a run where nobody does, and follow it to its end; leaving ends nothing on the hosts',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const json = flags['json'] === 'yes';
    const number = numberOf(words);
    const stop = (refusal: Outcome<never>) => refuse(context.streams, json, refusal);
    if (number === undefined) return stop(invalid('runs follow takes the number of one run', 'look it up with: bursar runs list'));
    return context.withSession(session => followAndTell(session, number, json, context));
  },
};
