import { openDatabase } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { loadOperator } from '../../src/database/sign-in.ts';
import { openSession, type Session } from '../../src/kit/session.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { aBank, type AccountStatus } from './acting.ts';
import { aDatabase } from './database.ts';
import { query } from './query.ts';
import { signedIn, type SignInWishes } from './session.ts';

export type TestAccountWish = {
  /** First and last name. */
  readonly owner: string;
  readonly status: AccountStatus;
  /** Minor units. */
  readonly balance: number;
};

/** An active, empty account of Ada Byron, but for what is said otherwise. */
export const anAccount = (wish: Partial<TestAccountWish> = {}): TestAccountWish => ({
  owner: 'Ada Byron',
  status: 'active',
  balance: 0,
  ...wish,
});

/** A bank with a signed-in session. */
export type TestBank = AsyncDisposable & {
  readonly session: Session;
  readonly url: string;
  readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  readonly audit: () => Promise<readonly Record<string, unknown>[]>;
  /** Numbers of the accounts that were asked for, in that order. */
  readonly numbers: readonly string[];
};

type Opened = { readonly session: Session; readonly url: string; readonly numbers: readonly string[]; readonly close: () => Promise<void> };

const onDemo = async (given: string | undefined, operator: string | undefined, wishes: SignInWishes): Promise<Opened> => {
  const database = given === undefined ? await aDatabase('demo') : undefined;
  const { session, url } = await signedIn(database?.url ?? given ?? '', operator, wishes);
  const close = async () => {
    await session.close();
    await database?.drop();
  };
  return { session, url, numbers: [], close };
};

const onEmpty = async (accounts: readonly TestAccountWish[]): Promise<Opened> => {
  const bank = await aBank();
  const numbers: string[] = [];
  const owners = new Map([['Ada Byron', bank.customer]]);
  for (const { owner, status, balance } of accounts) {
    if (!owners.has(owner)) {
      const [first = '', ...rest] = owner.split(' ');
      const [row] = await bank.rows<{ id: string }>(
        `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
         VALUES ($1, $1 || '@mail.example', $2, $3, 'customer', 'active') RETURNING id`,
        [`user${owners.size}`, first, rest.join(' ') || '-'],
      );
      owners.set(owner, row?.id ?? '');
    }
    const account = await bank.account({ owner: owners.get(owner) ?? bank.customer, status, balance });
    numbers.push(account.number);
  }
  const database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  const session = openSession({
    database,
    operator: await loadOperator(database.reads, bank.one.name),
    token: bank.one.token,
    environment: { name: 'test', production: false, demo: false, timeZone: 'Europe/Berlin', currency: 'EUR' },
    registry: { resources, actions },
  });
  const close = async () => {
    await session.close();
    await bank[Symbol.asyncDispose]();
  };
  return { session, url: bank.url, numbers, close };
};

type BankWishes = {
  readonly database?: 'empty' | 'demo';
  readonly url?: string;
  readonly accounts?: readonly TestAccountWish[];
  /** Whose console it is, of a demo bank; `demo`, who holds all roles, unless said. */
  readonly operator?: string;
  /** Whether the session may write and needs no code: true unless said. */
  readonly window?: boolean;
} & Pick<SignInWishes, 'hosts'>;

export const openTestBank = async ({ database, url, accounts, operator, window = true, hosts }: BankWishes): Promise<TestBank> => {
  const empty = accounts !== undefined || database === 'empty';
  const opened = empty && url === undefined ? await onEmpty(accounts ?? []) : await onDemo(url, operator, { window, hosts });
  const rows = (sql: string, values: unknown[] = []) => query(opened.url, sql, values);
  const [head] = await rows('SELECT seq FROM ops.audit_head');
  return {
    session: opened.session,
    url: opened.url,
    numbers: opened.numbers,
    rows,
    audit: () =>
      rows(
        `SELECT seq, operator, action, verb, entity, entity_id, entity_label, outcome::text, reason, note, error, old, new, correlation_id
           FROM ops.audit WHERE seq > $1 AND verb NOT IN ('view', 'login', 'logout') ORDER BY seq`,
        [head?.['seq']],
      ),
    [Symbol.asyncDispose]: opened.close,
  };
};
