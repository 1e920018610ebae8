import { randomBytes } from 'node:crypto';
import type { Database } from '../database/client.ts';
import { isConnectionLost } from '../database/fault.ts';
import { openNotice, sealNotice } from '../database/secret-key.ts';
import type { Count, Keyed, Page, PageRequest } from '../domain/page.ts';
import { businessDay, type Day } from '../domain/day.ts';
import type { FilterContext, Term } from '../domain/filter.ts';
import type { Outcome, Refusal } from '../domain/outcome.ts';
import type { Operator } from '../domain/permission.ts';
import type { AnyAction, SealSecret } from './define-action.ts';
import type { AnyResource, DetailSection } from './define-resource.ts';
import { outboxOf, type Outbox, type OutboxParts } from './outbox.ts';
import { presenceOf, renewing, type Presence, type PresenceParts } from './presence.ts';
import { settleAction } from './run-action.ts';
import type { Preview, Receipt, RunOptions, Typed } from './request.ts';
import { singleOf } from './single.ts';
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
};

/** The one thing a front end is given: it sees no database, no environment and no clock of its own. */
export type Session = {
  readonly operator: Operator;
  readonly environment: Environment;
  readonly registry: Registry;
  /** Why nothing can be changed here; every action is refused with it. */
  readonly readOnly?: Refusal;
  /** The operator's own side of it: pulse, write window, codes, lock. Undefined where nobody signed in. */
  readonly presence?: Presence;
  /** The notices that this console may deliver; undefined where it may not, or where none leave. */
  readonly outbox?: Outbox;
  /** In a demo: the same console as the demo operator who has that role. */
  readonly become?: (role: string) => Promise<Outcome<Session>>;
  readonly now: () => Date;
  readonly today: () => Day;
  readonly filterContext: (resource: AnyResource) => FilterContext;
  readonly list: (resource: AnyResource, request: PageRequest) => Promise<Page<Keyed>>;
  readonly newer: (resource: AnyResource, request: PageRequest) => Promise<number>;
  readonly count: (resource: AnyResource, terms: readonly Term[]) => Promise<Count>;
  readonly find: (resource: AnyResource, id: bigint) => Promise<Keyed | undefined>;
  /** How many of these records a filter lets through. */
  readonly matching: (resource: AnyResource, terms: readonly Term[], ids: readonly string[]) => Promise<number>;
  /** The sections of a record's detail; looking at personal data is recorded once in ten minutes. */
  readonly detail: (resource: AnyResource, row: Keyed) => Promise<readonly DetailSection[]>;
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
  /** The sign-in outlives this console, as a login for commands does: leaving closes its write window only. */
  readonly stays?: boolean;
  readonly environment: Environment;
  readonly registry: Registry;
  readonly now?: () => Date;
};

/** The database keeps one row per session and target in this time; asking it again meanwhile is only a round trip, in milliseconds. */
const recordedFor = 600_000;

const recordAccess = async (
  parts: SessionParts,
  verb: 'view' | 'export',
  entity: string,
  id: string,
  detail: object | null,
): Promise<void> => {
  if (parts.token === undefined) return;
  const text = detail === null ? null : JSON.stringify(detail);
  await parts.database.writes.$queryRaw`SELECT ops.record_access(${parts.token}, ${verb}, ${entity}, ${id}, ${text}::jsonb)::text`;
};

/** Records that a record, or a list, was looked at; looking again meanwhile is no new look. */
const viewsOf = (parts: SessionParts, now: () => Date) => {
  const seen = new Map<string, number>();
  return async (entity: string, id: string): Promise<void> => {
    const key = `${entity} ${id}`;
    const at = now().getTime();
    if (at - (seen.get(key) ?? -Infinity) < recordedFor) return;
    await recordAccess(parts, 'view', entity, id, null);
    seen.set(key, at);
  };
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
  credentials,
  registry: { actions },
}: SessionParts): Pick<Session, 'preview' | 'run' | 'settle' | 'previewBulk' | 'runBulk'> => {
  if (token === undefined || readOnly) {
    const refused = async (): Promise<Outcome<never>> => ({
      ok: false,
      refusal: readOnly ?? { kind: 'forbidden', message: 'nobody has signed in' },
    });
    return { preview: refused, run: refused, settle: refused, previewBulk: refused, runBulk: refused };
  }
  const { sealSecret } = credentials ?? demoCredentials();
  const acting = { database, operator, token, currency: environment.currency, environment: environment.name, sealSecret };
  const single = singleOf(acting, actions);
  return {
    ...single,
    settle: (action, typed, options) => settleAction(action, typed, acting, options),
    previewBulk: (action, ids, typed) => previewBulk(action, ids, typed, acting, single),
    runBulk: (action, bulk, watch) => runBulk(action, bulk, acting, watch, single),
  };
};

/** What is looked at: refused without its permission, recorded where it holds personal data. */
const readsOf = (parts: SessionParts, now: () => Date): Pick<Session, 'list' | 'newer' | 'count' | 'find' | 'matching' | 'detail'> => {
  const { reads } = parts.database;
  const recordView = viewsOf(parts, now);
  const held = ({ permission, title }: AnyResource): void => {
    if (!parts.operator.permissions.has(permission)) throw new Error(`${title} needs the permission ${permission}`);
  };
  return {
    list: async (resource, request) => {
      held(resource);
      if (resource.recorded) await recordView(resource.entity, '-');
      return resource.page.page(reads, request);
    },
    newer: async (resource, request) => {
      held(resource);
      return resource.page.newer(reads, request);
    },
    count: async (resource, terms) => {
      held(resource);
      return resource.page.count(reads, terms);
    },
    find: async (resource, id) => {
      held(resource);
      return resource.page.find(reads, id);
    },
    matching: async (resource, terms, ids) => {
      held(resource);
      return resource.page.matching?.(reads, terms, ids) ?? ids.length;
    },
    detail: async (resource, row) => {
      held(resource);
      if (resource.personal) await recordView(resource.entity, String(row.id));
      return resource.detail(row, await resource.relate(reads, row));
    },
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

/** Opens a session over a database for an operator who has signed in. */
export const openSession = (given: SessionParts): Session => {
  const permissions = new Set(given.operator.permissions);
  const parts = { ...given, operator: { ...given.operator, permissions } };
  const { database, environment, token, registry, readOnly, credentials, become } = parts;
  const now = parts.now ?? (() => new Date());
  const today = () => businessDay(now(), environment.timeZone);
  const leave = (): Promise<void> => leaveWith(parts);
  return {
    operator: given.operator,
    environment,
    registry,
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(become === undefined ? {} : { become }),
    ...(token === undefined
      ? {}
      : {
          presence: renewing(presenceOf({ database, token, demo: environment.demo, ...(credentials ?? demoCredentials()) }), permissions),
        }),
    ...(token === undefined || readOnly || environment.demo || !credentials
      ? {}
      : { outbox: outboxOf({ database, token, ...credentials }) }),
    now,
    today,
    filterContext: resource => ({
      today: today(),
      currency: environment.currency,
      ...(resource.since === undefined ? {} : { since: resource.since }),
    }),
    ...readsOf(parts, now),
    ...changesOf(parts),
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
