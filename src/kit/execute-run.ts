import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import { endsItself, undoing, undoneCode } from '../domain/ending-itself.ts';
import { isOver, runWord, type RunStepStatus } from '../domain/run.ts';
import { RemoteError, type Connection, type RemoteTarget } from '../remote/connection.ts';
import { abortDetached, followDetached, startDetached, type DetachedState } from '../remote/detached.ts';
import { pauseAfterCanary } from './canary-pause.ts';
import type { ClaimedRun, ClaimedStep, RunEnd, Runs } from './runs.ts';

export type ExecuteOptions = {
  readonly connectTo: (host: Pick<RemoteTarget, 'at' | 'pinned'>) => Promise<Connection>;
  readonly signal: AbortSignal;
  /** Between the first host of several and the next, in milliseconds. */
  readonly canaryPauseMs?: number;
  /** How long a host that is gone is looked for, in milliseconds, before the outcome is called unknown for now. */
  readonly patienceMs?: number;
};

/** Between two looks at the log of a step, in milliseconds: short at first, since most steps end at once, then longer and longer. */
const lookEvery = { first: 40, most: 500 } as const;
/** Text of a log that is kept in the database, in characters; the whole log stays on the host. */
const tailLength = 16_000;

/** Another console executes this run now: it saw more. */
class TakenOver extends Error {
  override name = 'TakenOver';
}

type StepEnd = { readonly status: RunStepStatus; readonly error: string | null };
type Work = { readonly runs: Runs; readonly run: ClaimedRun; readonly options: ExecuteOptions; readonly hosts: Map<string, Connection> };

/** The id of a step on its host. */
const remoteId = (run: ClaimedRun, step: ClaimedStep): string => `${run.id}-${step.position}`;

/** Runs that change one target exclude one another on its hosts too, whatever console or database they came from. */
const lockOf = ({ id, target, dangerous }: ClaimedRun): string =>
  dangerous ? `target-${createHash('sha256').update(target).digest('hex').slice(0, 24)}` : `run-${id}`;

const connectionFor = async ({ hosts, options }: Work, step: ClaimedStep): Promise<Connection> => {
  const known = hosts.get(step.host);
  if (known) return known;
  const connection = await options.connectTo({ at: step.at, pinned: step.pinned });
  hosts.set(step.host, connection);
  return connection;
};

const dropConnection = ({ hosts }: Work, step: ClaimedStep): void => {
  hosts.get(step.host)?.close();
  hosts.delete(step.host);
};

type Wanted = 'aborted' | 'timed out';

/** What a work says of why it was not done, for whoever reads only how the run ended. */
const refusalIn = (tail: string): string => {
  const words = /(?:^|\n)refused: ([^\n]+)/.exec(tail)?.[1];
  return words === undefined ? '' : `: ${words.slice(0, 600)}`;
};

const endOf = (
  { words }: ClaimedStep,
  state: Exclude<DetachedState, { kind: 'running' }>,
  wanted: Wanted | undefined,
  tail: string,
): StepEnd => {
  if (state.kind === 'ended') {
    // what ends by itself may have been past the point from which it only goes on, or have failed: its code says so
    if (wanted !== undefined && (!endsItself(words) || state.code === undoneCode)) return { status: wanted, error: null };
    return state.code === 0
      ? { status: 'succeeded', error: null }
      : { status: 'failed', error: `it ended with ${state.code}${refusalIn(tail)}` };
  }
  const errors = {
    locked: 'another run holds the lock of its target on the host: nothing was begun',
    full: 'it ended, and the disk of its host was full: its log and what it wrote may be cut off',
    vanished: 'its process is gone and left no word, as after a crash of the host: look at what it did',
    absent: 'the host knows nothing of it: its folder of runs was removed',
  };
  return { status: 'failed', error: errors[state.kind] };
};

/** Follows a step from its first octet to its end, so that the hash is of the whole log whoever follows. */
const followStep = async (work: Work, step: ClaimedStep, connection: Connection): Promise<StepEnd> => {
  const { runs, run, options } = work;
  const hash = createHash('sha256');
  const until = Date.now() + step.timeoutSeconds * 1_000 - (step.beganAt === null ? 0 : Math.max(0, Date.now() - step.beganAt.getTime()));
  const decoder = new StringDecoder('utf8');
  let [bytes, tail] = [0, ''];
  let wanted: Wanted | undefined;
  let untilNextLook: number = lookEvery.first;
  for (;;) {
    const { state, piece } = await followDetached(connection, remoteId(run, step), bytes);
    hash.update(piece);
    bytes += piece.length;
    // no text of a database holds a NUL
    tail = (tail + decoder.write(piece).replaceAll('\0', '␀')).slice(-tailLength);
    const isEnd = state.kind !== 'running' && piece.length === 0;
    // whoever asked it to end may have been another console, which is gone
    if (isEnd && state.kind === 'ended' && state.code === undoneCode && (await runs.isAborted(run))) wanted ??= 'aborted';
    const end = isEnd ? endOf(step, state, wanted, tail) : undefined;
    const code = state.kind === 'ended' ? { code: state.code } : {};
    const sha256 = isEnd ? { sha256: hash.copy().digest('hex') } : {};
    if (!(await runs.report(run, step.position, { status: end?.status ?? 'running', bytes, tail, ...code, ...sha256 })))
      throw new TakenOver();
    if (end) return end;
    if (state.kind !== 'running') continue;
    if (wanted === undefined) {
      wanted = (await runs.isAborted(run)) ? 'aborted' : Date.now() > until ? 'timed out' : undefined;
      if (wanted !== undefined) await abortDetached(connection, remoteId(run, step), { patient: endsItself(step.words) });
    }
    if (wanted !== undefined && piece.length > 0) continue;
    await pause(untilNextLook, undefined, { signal: options.signal });
    untilNextLook = Math.min(untilNextLook * 2, lookEvery.most);
  }
};

const wordsOf = (run: ClaimedRun, { words: [program, ...rest] }: ClaimedStep): ClaimedStep['words'] => [
  program,
  ...rest.map(word => (word === runWord ? run.id : word)),
];

/** Begins or reattaches: a step that was begun under its id goes on, and none is begun twice. */
const attach = async (work: Work, step: ClaimedStep, onBegun: () => void): Promise<StepEnd> => {
  const connection = await connectionFor(work, step);
  await startDetached(connection, { id: remoteId(work.run, step), lock: lockOf(work.run), words: wordsOf(work.run, step) });
  onBegun();
  return followStep(work, step, connection);
};

/** A key that is wrong, or an account that is not let in, does not become right by waiting. */
const isFinal = (error: RemoteError): boolean => error.fault.kind === 'changed-key' || error.fault.kind === 'refused';

/** As `attach`, through connections that break: the host is looked for until patience ends. */
const runStep = async (work: Work, step: ClaimedStep): Promise<StepEnd> => {
  const { runs, run, options } = work;
  const until = Date.now() + (options.patienceMs ?? 60_000);
  // Once it may have begun nothing that a host says or does not say makes it undone
  let isBegun = step.status !== 'waiting';
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      return await attach(work, step, () => (isBegun = true));
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      dropConnection(work, step);
      isBegun ||= error.fault.kind === 'lost' || error.fault.kind === 'timed-out';
      const status = isFinal(error) && !isBegun ? 'failed' : 'unknown';
      if (!(await runs.report(run, step.position, { status, bytes: 0, tail: '' }))) throw new TakenOver();
      if (status === 'failed') return { status, error: error.message };
      if (isFinal(error) || Date.now() + wait > until) return { status: 'unknown', error: error.message };
      await pause(wait, undefined, { signal: options.signal });
    }
  }
};

const skipRest = async ({ runs, run }: Work, from: number): Promise<void> => {
  for (const { position } of run.steps.filter(step => step.position > from && !isOver(step.status))) {
    if (!(await runs.report(run, position, { status: 'skipped', bytes: 0, tail: '' }))) throw new TakenOver();
  }
};

const ends: Readonly<Partial<Record<RunStepStatus, RunEnd>>> = {
  failed: 'failed',
  'timed out': 'timed out',
  aborted: 'aborted',
  unknown: 'unknown',
};

/** Whether what was done before this step, or begun of it by a console that is gone, is to be undone: only those that end by themselves know how. */
const leavesSomething = (run: ClaimedRun, { position, words }: ClaimedStep): boolean =>
  endsItself(words) && (run.claim > 1 || run.steps.some(step => step.position < position));

const runSteps = async (work: Work): Promise<{ readonly end: RunEnd; readonly error: string | null }> => {
  const { run, runs, options } = work;
  for (const step of run.steps) {
    if (isOver(step.status)) {
      const before = ends[step.status];
      if (before === undefined) {
        // Whoever paused here has ended: what is left of the pause is ours
        if (step.pauseAfter && !(await pauseAfterCanary(runs, run, options))) throw new TakenOver();
        continue;
      }
      await skipRest(work, step.position);
      return { end: before, error: `${step.title} on ${step.host}: ${step.status}` };
    }
    const isAborted = step.status === 'waiting' && (await runs.isAborted(run));
    if (isAborted && !leavesSomething(run, step)) {
      await skipRest(work, step.position - 1);
      return { end: 'aborted', error: null };
    }
    const { status, error } = await runStep(work, isAborted ? { ...step, words: undoing(step.words) } : step);
    const end = ends[status];
    if (end !== undefined) {
      if (end !== 'unknown') await skipRest(work, step.position);
      return { end, error: error === null ? null : `${step.title} on ${step.host}: ${error}` };
    }
    if (step.pauseAfter && !(await pauseAfterCanary(runs, run, options))) throw new TakenOver();
  }
  return { end: 'succeeded', error: null };
};

/**
 * Executes a claimed run, or goes on with it where another console left it. Undefined where another console has taken it over, or where the signal
 * ended it: what was begun goes on on its hosts.
 */
export const executeRun = async (runs: Runs, run: ClaimedRun, options: ExecuteOptions): Promise<RunEnd | undefined> => {
  const work: Work = { runs, run, options, hosts: new Map() };
  try {
    // Claimed in the very moment in which this console ends: nothing is begun any more
    options.signal.throwIfAborted();
    const { end, error } = await runSteps(work);
    return (await runs.finish(run, end, error)) ? end : undefined;
  } catch (error) {
    if (error instanceof TakenOver) return undefined;
    if (!options.signal.aborted) throw error;
    await runs.release(run);
    return undefined;
  } finally {
    for (const connection of work.hosts.values()) connection.close();
  }
};
