import { randomBytes } from 'node:crypto';
import type { Database } from '../database/client.ts';
import { isConnectionLost } from '../database/fault.ts';
import { openNotice, sealNotice } from '../database/secret-key.ts';
import { businessDay, type Day } from '../domain/day.ts';
import type { FilterContext } from '../domain/filter.ts';
import type { Outcome, Refusal } from '../domain/outcome.ts';
import type { Operator } from '../domain/permission.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import type { CredentialsFor } from '../remote/connection.ts';
import type { AnyAction, SealSecret } from './define-action.ts';
import type { AnyResource } from './define-resource.ts';
import { healthOf, type HealthWatch } from './health.ts';
import { hostLogsOf, type HostLogs } from './host-logs.ts';
import { hostsOf, type Hosts } from './hosts.ts';
import { runsOf, type Runs } from './runs.ts';
import type { Offers } from './offers.ts';
import { outboxOf, type Outbox, type OutboxParts } from './outbox.ts';
import { presenceOf, renewing, type Presence, type PresenceParts } from './presence.ts';
import { settleAction } from './run-action.ts';
import type { Preview, Receipt, RunOptions, Typed } from './request.ts';
import { readsOf, recordAccess, type Reads } from './reads.ts';
import { singleOf } from './single.ts';
import { scheduleOf, type Schedule } from './schedule.ts';
import { securityWatchOf, type SecurityWatch } from './security-watch.ts';
import { watchOf, type Watch } from './watch.ts';
import { previewBulk, runBulk, type Bulk, type BulkPreview, type BulkResult, type BulkWatch } from './run-bulk.ts';

/** Everything there is to see and do; main hands it over, the kit knows none of it. */
export type Registry = { readonly resources: readonly AnyResource[]; readonly actions: readonly AnyAction[] };

/** The platform that is administered, as the banner shows it. */
export type Environment = {
  readonly name: string;
  readonly production: boolean;
  readonly demo: boolean;
  /** The console has the rights of the database's owner: the database cannot keep it to what its operator may. */
  readonly asOwner?: boolean;
  /** IANA name; the business day is counted in it. */
  readonly timeZone: string;
  readonly currency: string;
  /** How it is kept up, as the configuration says; undefined where it says nothing. */
  readonly platform?: PlatformProfile;
};

/** The one thing a front end is given: it sees no database, no environment and no clock of its own. */
export type Session = Reads & {
  readonly operator: Operator;
  readonly environment: Environment;
  readonly registry: Registry;
  /** Why nothing can be changed here; every action is refused with it. */
  readonly readOnly?: Refusal;
  /** The operator's own side of it: pulse, write window, codes, lock. Undefined where nobody signed in. */
  readonly presence?: Presence;
  /** The notices that this console may deliver; undefined where it may not, or where none leave. */
  readonly outbox?: Outbox;
  /** The rules of monitoring, for whoever may run them; undefined where nothing can be changed. */
  readonly watch?: Watch;
  /** The hosts that this console may ask; undefined where it may not. */
  readonly hosts?: Hosts;
  /** The logs of those hosts; undefined where it may read none, or has no way in. */
  readonly logs?: HostLogs;
  /** The runs that this console may execute; undefined where it may not. */
  readonly runs?: Runs;
  /** What is due by the clock, for whoever may execute it; undefined where nobody may. */
  readonly schedule?: Schedule;
  /** Measures the database and hosts in turn with other consoles; undefined where it may not. */
  readonly health?: HealthWatch;
  /** Counts security events; undefined where nothing can be changed. */
  readonly securityWatch?: SecurityWatch;
  /** In a demo: the same console as the demo operator who has that role. */
  readonly become?: (role: string) => Promise<Outcome<Session>>;
  readonly now: () => Date;
  readonly today: () => Day;
  readonly filterContext: (resource: AnyResource) => FilterContext;
  /** What the fields of an action may be filled in with; nothing for whoever may not do it. */
  readonly offers: (action: AnyAction) => Promise<Offers>;
  readonly preview: (action: AnyAction, typed: Typed) => Promise<Outcome<Preview>>;
  readonly run: (action: AnyAction, typed: Typed, options: RunOptions) => Promise<Outcome<Receipt>>;
  /** What became of a request whose outcome was unknown; asked with what it was run with. */
  readonly settle: (action: AnyAction, typed: Typed, options: RunOptions) => Promise<Outcome<Receipt>>;
  readonly previewBulk: (action: AnyAction, ids: readonly string[], typed: Typed) => Promise<Outcome<BulkPreview>>;
  readonly runBulk: (action: AnyAction, bulk: Bulk, watch: BulkWatch) => Promise<Outcome<BulkResult>>;
  /** Records that data left the console, before it does. */
  readonly recordExport: (resource: AnyResource, filter: string, rows: number) => Promise<void>;
  /** Cancels the reads under way; returns how many. */
  readonly cancelReads: () => Promise<number>;
  /** Ends this session and leaves the database open, for another. */
  readonly leave: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type SessionParts = {
  readonly database: Database;
  readonly operator: Operator;
  /** Undefined where nobody signed in: reads cannot be told to anybody's account, and `readOnly` says why nothing can be changed. */
  readonly token: string | undefined;
  readonly readOnly?: Refusal;
  /** What unlocking and codes need; without it a demo's session. */
  readonly credentials?: Pick<PresenceParts, 'seedKey' | 'derive'> & Pick<OutboxParts, 'openSecret'> & { readonly sealSecret: SealSecret };
  readonly become?: Session['become'];
  /** How this console signs in to hosts, or why it cannot. */
  readonly wayIn?: () => Outcome<CredentialsFor>;
  /** The sign-in outlives this console, as a login for commands does: leaving closes its write window only. */
  readonly stays?: boolean;
  /** Why whoever this is asks for nothing, though it executes what others asked for: a machine. */
  readonly asksNothing?: Refusal;
  readonly environment: Environment;
  readonly registry: Registry;
  readonly now?: () => Date;
};

/** A demo has no passwords and no seeds: nothing asks for them. Nor does it send anything: what is sealed here is opened by nobody. */
const demoCredentials = (): NonNullable<SessionParts['credentials']> => {
  const key = randomBytes(32);
  return {
    seedKey: async () => Buffer.alloc(32),
    derive: async () => Buffer.alloc(32),
    sealSecret: async text => sealNotice(key, text),
    openSecret: async sealed => openNotice(key, sealed),
  };
};

const changesOf = ({
  database,
  operator,
  token,
  environment,
  readOnly,
  asksNothing,
  credentials,
  registry: { actions },
}: SessionParts): Pick<Session, 'preview' | 'run' | 'settle' | 'previewBulk' | 'runBulk'> => {
  if (token === undefined || readOnly || asksNothing) {
    const refused = async (): Promise<Outcome<never>> => ({
      ok: false,
      refusal: readOnly ?? asksNothing ?? { kind: 'forbidden', message: 'nobody has signed in' },
    });
    return { preview: refused, run: refused, settle: refused, previewBulk: refused, runBulk: refused };
  }
  const { sealSecret } = credentials ?? demoCredentials();
  const acting = {
    database,
    operator,
    token,
    currency: environment.currency,
    environment: environment.name,
    platform: environment.platform,
    sealSecret,
  };
  const single = singleOf(acting, actions);
  return {
    ...single,
    settle: (action, typed, options) => settleAction(action, typed, acting, options),
    previewBulk: (action, ids, typed) => previewBulk(action, ids, typed, acting, single),
    runBulk: (action, bulk, watch) => runBulk(action, bulk, acting, watch, single),
  };
};

/** Ends the session, or only its window where it stays; whoever leaves while the database is away leaves all the same. */
const leaveWith = async ({ database, token, stays }: SessionParts): Promise<void> => {
  if (token === undefined) return;
  try {
    if (stays) await database.writes.$queryRaw`SELECT ops.close_window(${token})::text`;
    else await database.writes.$queryRaw`SELECT ops.close_session(${token})::text`;
  } catch (error) {
    // The session ends at its time
    if (!isConnectionLost(error)) throw error;
  }
};

const hostsAndLogs = (parts: SessionParts, token: string, permissions: Set<string>): Pick<Session, 'hosts' | 'logs'> => {
  const hosts = hostsOf(parts.database, token);
  if (!parts.wayIn) return { hosts };
  const logs = hostLogsOf({
    hosts,
    may: () => permissions.has('host.use'),
    named: parts.environment.platform?.logs ?? [],
    wayIn: parts.wayIn,
    record: filter => recordAccess(parts, 'export', 'host', '-', { filter, rows: 0 }),
  });
  return { hosts, logs };
};

/** What a signed-in session does beside what its operator asks for, as far as it may. */
const keptUpBy = (
  parts: SessionParts,
  permissions: Set<string>,
): Pick<Session, 'presence' | 'outbox' | 'securityWatch' | 'watch' | 'schedule' | 'health' | 'hosts' | 'logs' | 'runs'> => {
  const { database, environment, token, readOnly, credentials } = parts;
  if (token === undefined) return {};
  const presence = renewing(presenceOf({ database, token, demo: environment.demo, ...(credentials ?? demoCredentials()) }), permissions);
  if (readOnly) return { presence };
  return {
    presence,
    ...(environment.demo || !credentials ? {} : { outbox: outboxOf({ database, token, ...credentials }) }),
    securityWatch: securityWatchOf(database, token),
    ...(permissions.has('detection.run') ? { watch: watchOf(database, token) } : {}),
    ...(permissions.has('schedule.run')
      ? { schedule: scheduleOf(database, token), health: healthOf(database, token, permissions.has('host.use')) }
      : {}),
    ...(permissions.has('host.use') ? { ...hostsAndLogs(parts, token, permissions), runs: runsOf(database, token) } : {}),
  };
};

/** Opens a session over a database for an operator who has signed in. */
export const openSession = (given: SessionParts): Session => {
  const permissions = new Set(given.operator.permissions);
  const parts = { ...given, operator: { ...given.operator, permissions } };
  const { database, environment, registry, readOnly, become } = parts;
  const now = parts.now ?? (() => new Date());
  const today = () => businessDay(now(), environment.timeZone);
  const leave = (): Promise<void> => leaveWith(parts);
  return {
    operator: given.operator,
    environment,
    registry,
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(become === undefined ? {} : { become }),
    ...keptUpBy(parts, permissions),
    now,
    today,
    filterContext: resource => ({
      today: today(),
      currency: environment.currency,
      ...(resource.since === undefined ? {} : { since: resource.since }),
    }),
    ...readsOf(parts, now),
    ...changesOf(parts),
    offers: async action =>
      action.offers && (action.permission === 'self' || permissions.has(action.permission)) ? action.offers(database.reads) : {},
    recordExport: (resource, filter, rows) => recordAccess(parts, 'export', resource.entity, '-', { filter, rows }),
    cancelReads: database.cancelReads,
    leave,
    close: async () => {
      try {
        await leave();
      } finally {
        await database.close();
      }
    },
  };
};
