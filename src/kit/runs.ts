import type { Database } from '../database/client.ts';
import type { RemoteAddress } from '../domain/remote-host.ts';
import type { RunStepStatus } from '../domain/run.ts';

/** A step of a run that is ours to execute. */
export type ClaimedStep = {
  readonly position: number;
  readonly title: string;
  readonly status: RunStepStatus;
  readonly words: readonly [program: string, ...rest: string[]];
  readonly timeoutSeconds: number;
  readonly pauseAfter: boolean;
  readonly beganAt: Date | null;
  readonly host: string;
  readonly at: RemoteAddress;
  readonly pinned: string;
};

/** A run that is ours until its lease of 15 seconds ends, renewed by every report. */
export type ClaimedRun = {
  readonly id: string;
  readonly number: bigint;
  /** Only the newest claim reports. */
  readonly claim: number;
  readonly title: string;
  readonly target: string;
  readonly dangerous: boolean;
  readonly steps: readonly ClaimedStep[];
};

/** What was seen of a step. */
type StepReport = {
  readonly status: RunStepStatus;
  readonly code?: number;
  /** Octets of its log that were read, and the end of them as text. */
  readonly bytes: number;
  readonly tail: string;
  /** Of the whole log, in hexadecimal, once it has ended. */
  readonly sha256?: string;
};

/** What is known of the log of a step: its end is kept here, all of it on its host. */
export type StepLog = {
  readonly position: number;
  readonly title: string;
  readonly host: string;
  readonly at: RemoteAddress;
  readonly pinned: string;
  readonly status: RunStepStatus;
  readonly bytes: bigint;
  readonly tail: string;
  readonly sha256: string | null;
};

export type RunEnd = 'succeeded' | 'failed' | 'timed out' | 'aborted' | 'unknown';

/** Runs that consoles execute. A report that comes back false is of a run that another console has taken over. */
export type Runs = {
  readonly claim: (run?: string) => Promise<ClaimedRun | undefined>;
  readonly report: (run: ClaimedRun, position: number, report: StepReport) => Promise<boolean>;
  readonly finish: (run: ClaimedRun, end: RunEnd, error: string | null) => Promise<boolean>;
  /** Gives a run back that is not over, for another console to go on with at once. */
  readonly release: (run: ClaimedRun) => Promise<boolean>;
  /** Keeps the claim; false where another console has it. */
  readonly keep: (run: ClaimedRun) => Promise<boolean>;
  /** How long it pauses after its canary, in milliseconds; undefined where it does not, or somebody let it go on. */
  readonly pausedFor: (run: ClaimedRun) => Promise<number | undefined>;
  /** The logs of a run that has this number, and the id that it has on its hosts. */
  readonly logs: (number: bigint) => Promise<{ readonly id: string; readonly steps: readonly StepLog[] } | undefined>;
  /** Whether somebody asked for its end. */
  readonly isAborted: (run: ClaimedRun) => Promise<boolean>;
};

type RunRow = Omit<ClaimedRun, 'id' | 'steps'> & { readonly id: string | null };
type StepRow = Omit<ClaimedStep, 'at'> & { readonly address: string; readonly port: number; readonly username: string };

/** The runs of a database, for the console of whoever has this token. */
export const runsOf = ({ reads, writes }: Database, token: string): Runs => {
  const stepsOf = async (run: string): Promise<readonly ClaimedStep[]> => {
    const rows = await reads.$queryRaw<StepRow[]>`
      SELECT s.position::int AS position, s.title, s.status, s.words, s.timeout_seconds AS "timeoutSeconds", s.pause_after AS "pauseAfter", s.began_at AS "beganAt",
             h.name AS host, h.address, h.port, h.username, h.fingerprint AS pinned
        FROM ops.run_step s JOIN ops.host h ON h.id = s.host_id WHERE s.run_id = ${run}::uuid ORDER BY s.position`;
    return rows.map(({ address, port, username, ...step }) => ({ ...step, at: { address, port, user: username } }));
  };
  const answer = (rows: readonly { readonly ok: boolean }[]): boolean => rows[0]?.ok === true;
  return {
    claim: async run => {
      const [row] = await writes.$queryRaw<RunRow[]>`
        SELECT id, number, claims AS claim, title, target, dangerous FROM ops.claim_run(${token}, ${run ?? null}::uuid)`;
      return row && row.id !== null ? { ...row, id: row.id, steps: await stepsOf(row.id) } : undefined;
    },
    report: async ({ id, claim }, position, { status, code, bytes, tail, sha256 }) =>
      answer(
        await writes.$queryRaw`
          SELECT ops.report_step(${token}, ${id}::uuid, ${claim}::int, ${position}::smallint, ${status}, ${code ?? null}::int, ${bytes}::bigint, ${sha256 ?? null}, ${tail}) AS ok`,
      ),
    finish: async ({ id, claim }, end, error) =>
      answer(await writes.$queryRaw`SELECT ops.finish_run(${token}, ${id}::uuid, ${claim}::int, ${end}, ${error}) AS ok`),
    release: async ({ id, claim }) => answer(await writes.$queryRaw`SELECT ops.release_run(${token}, ${id}::uuid, ${claim}::int) AS ok`),
    keep: async ({ id, claim }) => answer(await writes.$queryRaw`SELECT ops.keep_run(${token}, ${id}::uuid, ${claim}::int) AS ok`),
    pausedFor: async ({ id }) => {
      const [row] = await reads.$queryRaw<{ ms: number }[]>`
        SELECT greatest(0, extract(epoch FROM clock_timestamp() - finished_at) * 1000)::float8 AS ms
          FROM ops.run_step WHERE run_id = ${id}::uuid AND position = ops.pausing_step(${id}::uuid)`;
      return row?.ms;
    },
    logs: async number => {
      const [run] = await reads.$queryRaw<{ id: string }[]>`SELECT id::text AS id FROM ops.run WHERE number = ${number}`;
      if (!run) return undefined;
      const rows = await reads.$queryRaw<(Omit<StepLog, 'at'> & { address: string; port: number; username: string })[]>`
        SELECT s.position::int AS position, s.title, s.status, s.bytes, s.tail, s.sha256, h.name AS host, h.address, h.port, h.username, h.fingerprint AS pinned
          FROM ops.run_step s JOIN ops.host h ON h.id = s.host_id WHERE s.run_id = ${run.id}::uuid ORDER BY s.position`;
      return {
        id: run.id,
        steps: rows.map(({ address, port, username, ...step }) => ({ ...step, at: { address, port, user: username } })),
      };
    },
    isAborted: async ({ id }) => {
      const [row] = await reads.$queryRaw<{ asked: boolean }[]>`SELECT aborted_at IS NOT NULL AS asked FROM ops.run WHERE id = ${id}::uuid`;
      return row?.asked === true;
    },
  };
};
