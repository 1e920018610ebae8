import { done, forbidden, type Outcome } from '../domain/outcome.ts';
import type { RunSeen } from '../domain/run-progress.ts';
import { codeAsTyped } from '../database/sign-in.ts';
import type { Database } from '../database/client.ts';
import { isConnectionLost, refusalOf } from '../database/fault.ts';
import { lackingIn, lacksBy } from './lacking.ts';

/** What a session is right now, by database time. */
export type Pulse = {
  /** Over: it reached its end by itself, and a bulk that was begun with it goes on; ended: somebody saw to it. */
  readonly state: 'live' | 'locked' | 'over' | 'ended';
  /** Why it is locked or ended. */
  readonly why: string | null;
  readonly expiresAt: Date | null;
  /** Null while the session is read-only. */
  readonly windowExpiresAt: Date | null;
  readonly windowReason: string | null;
  /** Requests that wait for this operator. */
  readonly inbox: number | null;
  /** Acts under broken glass that wait for this operator's verdict, and all that wait for one. */
  readonly toRatify: number | null;
  readonly brokenGlass: number | null;
  /** The newest incident that is open. */
  readonly incident: string | null;
  /** Who holds the developer role now, and until when. */
  readonly developers: string | null;
  readonly permissions: readonly string[] | null;
  /** The end of the maintenance mode that is on. */
  readonly maintenanceUntil: Date | null;
  /** When a code was given last; it holds for five minutes. */
  readonly codeAt: Date | null;
  /** What the clock of the database says: all times here are told by it. */
  readonly at: Date;
  /** How far the runs that are under way are; only for a screen that is locked. */
  readonly runs?: readonly RunSeen[];
  /** The migrations that the database lacks since an older backup was restored; while it does, nothing else here says anything. */
  readonly lacks?: number;
};

/** What a person does about their own session. */
export type Presence = {
  /** Asked every second; `active` says that a key was pressed since, `locked` that the screen is: then it shows how far runs are, and nothing else is read. */
  readonly pulse: (active: boolean, locked?: boolean) => Promise<Pulse>;
  /** The same of the schema alone, for whoever has no screen: it keeps no session awake. */
  readonly lacking: () => Promise<number>;
  /** Lets this session write for 1 to 60 minutes; gives the end. */
  readonly openWindow: (reason: string, minutes: number) => Promise<Outcome<Date>>;
  /** The same with the reason it had; only while an incident is open. */
  readonly renewWindow: (minutes: number) => Promise<Outcome<Date>>;
  readonly closeWindow: () => Promise<void>;
  /** Takes a one-time or recovery code; it holds for five minutes. */
  readonly confirmCode: (code: string) => Promise<Outcome<true>>;
  /** The code that a demo shows on screen; undefined anywhere else. */
  readonly demoCode: () => Promise<string | undefined>;
  readonly lock: () => Promise<void>;
  /** Unlocks with the password; a demo needs none. */
  readonly unlock: (password: string) => Promise<Outcome<true>>;
};

export type PresenceParts = {
  readonly database: Database;
  readonly token: string;
  readonly demo: boolean;
  /** The key that one-time codes' seeds are encrypted with; it never lies in the database. */
  readonly seedKey: () => Promise<Buffer>;
  /** Derives a password with this operator's salt. */
  readonly derive: (password: string) => Promise<Buffer>;
};

type Verdict = { readonly refusal: string | null; readonly next: string | null };

const outcomeOf = (rows: readonly Verdict[]): Outcome<true> => {
  const [verdict] = rows;
  if (!verdict) throw new Error('the database gave no answer');
  return verdict.refusal === null ? done(true) : forbidden(verdict.refusal, verdict.next ?? undefined);
};

/** A refusal of the database as a value. */
const refusable = async <T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
};

const none = Buffer.alloc(32);

/** What is there is no pulse that this program understands: it may be missing from the older schema, or answer something else. */
const ofAnotherSchema = (lacks: number): Pulse => ({
  state: 'live',
  why: null,
  expiresAt: null,
  windowExpiresAt: null,
  windowReason: null,
  inbox: null,
  toRatify: null,
  brokenGlass: null,
  incident: null,
  developers: null,
  permissions: null,
  maintenanceUntil: null,
  codeAt: null,
  at: new Date(),
  runs: [],
  lacks,
});

/** In one question with the migrations that are there: asked every second. */
const pulseIn = async (database: Database, token: string, active: boolean, locked: boolean): Promise<Pulse> => {
  const { writes } = database;
  const [row] = await writes.$queryRaw<(Pulse & { readonly applied: number })[]>`
    SELECT (SELECT count(*)::int FROM public._prisma_migrations m WHERE m.finished_at IS NOT NULL AND m.rolled_back_at IS NULL) AS applied, state, why, expires_at AS "expiresAt", window_expires_at AS "windowExpiresAt", window_reason AS "windowReason", inbox, to_ratify AS "toRatify",
           broken_glass AS "brokenGlass", incident, developers, permissions,
           (SELECT m.until FROM platform.maintenance_now() m) AS "maintenanceUntil", code_at AS "codeAt", clock_timestamp() AS at FROM ops.touch(${token}, ${active})`;
  if (!row) throw new Error('the database gave no pulse');
  const lacks = lacksBy(database, row.applied);
  if (lacks > 0) return ofAnotherSchema(lacks);
  if (!locked || row.state === 'over' || row.state === 'ended') return row;
  return { ...row, runs: await writes.$queryRaw<RunSeen[]>`SELECT runbook, seconds, steps FROM ops.progress_of_runs(${token})` };
};

/** A pulse, or why there is none: an older schema may not have what it is asked for, and that is told before what its absence made fail. */
const orLacking = async (felt: Promise<Pulse>, lacking: () => Promise<number>): Promise<Pulse> => {
  try {
    return await felt;
  } catch (error) {
    const lacks = isConnectionLost(error) ? 0 : await lacking();
    if (lacks > 0) return ofAnotherSchema(lacks);
    throw error;
  }
};

/** Everything about a session that is no action: its pulse, its write window, its codes and its lock. */
export const presenceOf = ({ database, token, demo, seedKey, derive }: PresenceParts): Presence => {
  const { writes } = database;
  const openUntil = async (rows: readonly { until: Date }[]): Promise<Outcome<Date>> => done(rows[0]?.until ?? new Date(0));
  const lacking = (): Promise<number> => lackingIn(database);
  return {
    pulse: (active, locked = false) => orLacking(pulseIn(database, token, active, locked), lacking),
    lacking,
    openWindow: (reason, minutes) =>
      refusable(async () => openUntil(await writes.$queryRaw`SELECT ops.open_window(${token}, ${reason}, ${minutes}::int) AS until`)),
    renewWindow: minutes =>
      refusable(async () => openUntil(await writes.$queryRaw`SELECT ops.renew_window(${token}, ${minutes}::int) AS until`)),
    closeWindow: async () => {
      await writes.$queryRaw`SELECT ops.close_window(${token})::text`;
    },
    confirmCode: code =>
      refusable(async () => {
        const key = demo ? none : await seedKey();
        return outcomeOf(
          await writes.$queryRaw`SELECT refusal, next_step AS next FROM ops.confirm_code(${token}, ${codeAsTyped(code)}, ${key})`,
        );
      }),
    demoCode: async () => {
      if (!demo) return undefined;
      const [row] = await writes.$queryRaw<{ code: string }[]>`SELECT ops.demo_code(${token}) AS code`;
      return row?.code;
    },
    lock: async () => {
      await writes.$queryRaw`SELECT ops.lock_session(${token})::text`;
    },
    unlock: async password => {
      const derived = demo ? none : await derive(password);
      return outcomeOf(await writes.$queryRaw`SELECT refusal, next_step AS next FROM ops.unlock_session(${token}, ${derived})`);
    },
  };
};

/** A pulse that also renews what the kit lets through: roles are granted, and run out, while somebody works. */
export const renewing = (presence: Presence, permissions: Set<string>): Presence => ({
  ...presence,
  pulse: async (active, locked) => {
    const pulse = await presence.pulse(active, locked);
    if (pulse.permissions) {
      permissions.clear();
      for (const permission of pulse.permissions) permissions.add(permission);
    }
    return pulse;
  },
});
