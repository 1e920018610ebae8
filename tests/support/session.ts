import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { loadOperator, openDemoSession, readBankFacts } from '../../src/database/sign-in.ts';
import { parseFilter } from '../../src/domain/filter.ts';
import { done, type Outcome } from '../../src/domain/outcome.ts';
import type { Keyed } from '../../src/domain/page.ts';
import { PlatformProfile } from '../../src/domain/platform-profile.ts';
import type { AnyAction } from '../../src/kit/define-action.ts';
import type { AnyResource, DetailSection } from '../../src/kit/define-resource.ts';
import type { Preview, Receipt, Typed } from '../../src/kit/request.ts';
import { openSession, type Session } from '../../src/kit/session.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { mayWrite } from './acting.ts';
import { aDatabase } from './database.ts';
import { query } from './query.ts';

export const resourceNamed = (id: string): AnyResource => {
  const found = resources.find(resource => resource.id === id);
  if (!found) throw new Error(`there is no resource ${id}`);
  return found;
};

export const actionNamed = (id: string): AnyAction => {
  const found = actions.find(action => action.id === id);
  if (!found) throw new Error(`there is no action ${id}`);
  return found;
};

/** A signed-in session on a database, with words for what tests do with it. */
export type TestSession = AsyncDisposable & {
  readonly session: Session;
  readonly url: string;
  /** One statement as the owner of the database. */
  readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** The first value of the first row. */
  readonly value: (sql: string, values?: unknown[]) => Promise<unknown>;
  readonly preview: (action: string, typed: Typed) => Promise<Outcome<Preview>>;
  readonly run: (action: string, typed: Typed, request?: string) => Promise<Outcome<Receipt>>;
  /** The rows that a filter finds, as it is typed. */
  readonly list: (resource: string, filter?: string, limit?: number) => Promise<readonly Keyed[]>;
  readonly detail: (resource: string, id: bigint) => Promise<readonly DetailSection[]>;
};

const termsOf = (session: Session, resource: AnyResource, filter: string) => {
  const terms = parseFilter(filter, resource.page.fields, session.filterContext(resource));
  if (!terms.ok) throw new Error(terms.refusal.message);
  return terms.value;
};

export type SignInWishes = {
  readonly window?: boolean;
  /** The key that signs in to hosts, and the logs that the profile of the platform names. */
  readonly hosts?: { readonly keyFile: string; readonly logs: readonly string[] } | undefined;
};

/** Signs a demo operator in on a demo database; the session may write and needs no code, unless `window` is false. */
export const signedIn = async (url: string, operatorName = 'demo', { window = true, hosts }: SignInWishes = {}): Promise<TestSession> => {
  const database = openDatabase({ url: asRole(url, 'bursar_operator'), applicationName: 'bursar test' });
  const facts = await readBankFacts(database.reads);
  const token = randomBytes(32).toString('hex');
  await openDemoSession(database.writes, operatorName, token, { name: 'test' });
  if (window) await mayWrite({ query: (sql: string, values: unknown[]) => query(url, sql, values) }, token);
  const session = openSession({
    database,
    operator: await loadOperator(database.reads, operatorName),
    token,
    environment: {
      name: 'test',
      production: false,
      demo: facts.demo,
      timeZone: facts.timeZone,
      currency: 'EUR',
      ...(hosts ? { platform: PlatformProfile.parse({ logs: hosts.logs }) } : {}),
    },
    ...(hosts ? { wayIn: () => done(() => ({ keyFile: hosts.keyFile })) } : {}),
    registry: { resources, actions },
  });
  const rows = (sql: string, values: unknown[] = []) => query(url, sql, values);
  return {
    session,
    url,
    rows,
    value: async (sql, values) => Object.values((await rows(sql, values))[0] ?? {})[0],
    preview: (action, typed) => session.preview(actionNamed(action), typed),
    run: (action, typed, request = randomUUID()) => session.run(actionNamed(action), typed, { request }),
    list: async (id, filter = '', limit = 50) => {
      const resource = resourceNamed(id);
      const page = await session.list(resource, { terms: termsOf(session, resource, filter), sort: resource.page.defaultSort, limit });
      return page.rows;
    },
    detail: async (id, recordId) => {
      const resource = resourceNamed(id);
      const row = await session.find(resource, recordId);
      if (!row) throw new Error(`there is no ${resource.entity} ${recordId}`);
      return session.detail(resource, row);
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
};

/** A demo bank of the test's own with an operator signed in to it. */
export const aDemoBank = async (operatorName = 'demo'): Promise<TestSession> => {
  const database = await aDatabase('demo');
  const bank = await signedIn(database.url, operatorName);
  return {
    ...bank,
    [Symbol.asyncDispose]: async () => {
      await bank[Symbol.asyncDispose]();
      await database.drop();
    },
  };
};
