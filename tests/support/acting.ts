import { randomUUID } from 'node:crypto';
import { Client, DatabaseError, type QueryResultRow } from 'pg';
import { connectionSettings } from '../../src/database/settings.ts';
import { aDatabase } from './database.ts';
import { hashOf, openOperatorSession } from './operator-session.ts';
import { patient } from './patient.ts';
import { post } from './posting.ts';
import { zoneAtNoon } from './zone-at-noon.ts';

export { hashOf, mayWrite, openOperatorSession } from './operator-session.ts';

/** An operator with every role, and the token of an open session. */
export type TestOperator = { readonly id: string; readonly name: string; readonly token: string };

export type AccountStatus = 'pending' | 'active' | 'frozen' | 'closed' | 'rejected';
type TestAccount = { readonly id: string; readonly number: string; readonly userId: string };
export type Refused = { readonly code: string; readonly message: string; readonly detail: string };

/** An empty bank with two operators, who may do everything, and one customer; everything else is made through its contract. */
export type Bank = AsyncDisposable & {
  readonly url: string;
  /** One connection as the owner of the tables, who is also superuser. */
  readonly db: Client;
  readonly one: TestOperator;
  readonly two: TestOperator;
  /** Asks for what `one` and `two` decide. */
  readonly maker: TestOperator;
  readonly customer: string;
  readonly connect: () => Promise<Client>;
  readonly rows: <Row extends QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;
  readonly account: (wish?: { status?: AccountStatus; balance?: number; currency?: string; owner?: string }) => Promise<TestAccount>;
  /** What only a superuser can do: with all triggers and foreign keys off. */
  readonly behindItsBack: (sql: string, values?: unknown[]) => Promise<void>;
};

const allRoles = ['admin', 'manager', 'operations', 'analyst', 'support', 'auditor', 'sysop', 'viewer'];

/** Adds an operator; only possible before the first session is opened. */
const addOperator = async (db: Client, name: string, roles: readonly string[]): Promise<string> => {
  const { rows } = await db.query<{ id: string }>('INSERT INTO ops.operator (name, display_name) VALUES ($1, $1) RETURNING id', [name]);
  const id = rows[0]?.id ?? '';
  await db.query('INSERT INTO ops.operator_role (operator_id, role) SELECT $1, unnest($2::text[])', [id, roles]);
  return id;
};

/** What takes two people is asked for by the operator `maker`, about `target`, and decided by whoever acts. */
export type ActOptions = {
  readonly request?: string;
  readonly input?: string;
  readonly audit?: boolean;
  readonly target?: readonly [entity: string, id: string];
  /** Whether two people do what one could, where it depends on what is changed. */
  readonly asked?: boolean;
};

/** The token of the operator who asks for what others decide; the same in every bank of a test. */
const makerToken = 'token-of-the-maker-of-requests-0001';

const eyesOf = async (db: Client, action: string): Promise<number> =>
  (await db.query<{ eyes: number }>('SELECT eyes FROM ops.action_permission WHERE action = $1', [action])).rows[0]?.eyes ?? 1;

/** Makes a request of the maker's, in a transaction of its own; gives its id. One that still waits is not made again. */
export const askFor = async (db: Client, action: string, [entity, id]: readonly [string, string], input = action): Promise<string> => {
  const { rows: waiting } = await db.query<{ id: string }>(
    `SELECT id FROM ops.approval WHERE action = $1 AND entity = $2 AND entity_id = $3 AND input_hash = $4 AND status = 'pending' AND expires_at > clock_timestamp()`,
    [action, entity, id, hashOf(input)],
  );
  if (waiting[0]) return waiting[0].id;
  const request = randomUUID();
  await db.query('BEGIN');
  await db.query(`SELECT ops.begin_action($1, 'approvals.request', $2, $3)`, [makerToken, hashOf(input), request]);
  await db.query(`SELECT ops.make_request($1, '1', $2, $3, $3, 0, '{}', $4, '[]', '-', 'asked for by a test', 24)`, [
    action,
    entity,
    id,
    hashOf(input),
  ]);
  await writeAudit(db);
  await db.query('COMMIT');
  return request;
};

/** Carries an action out as the console does: begin, work, audit row, commit; rolls back and throws where something refuses. */
export const act = async <T>(
  db: Client,
  operator: TestOperator,
  action: string,
  work: (db: Client) => Promise<T>,
  options: ActOptions = {},
): Promise<T> => {
  const {
    request = randomUUID(),
    input = action,
    audit = true,
    target = ['test', randomUUID()],
    asked = (await eyesOf(db, action)) === 2,
  } = options;
  const approval = asked ? await askFor(db, action, target, input) : null;
  await db.query('BEGIN');
  try {
    await db.query('SELECT ops.begin_action($1, $2, $3, $4, $5)', [operator.token, action, hashOf(input), request, approval]);
    const result = await work(db);
    if (audit) await writeAudit(db);
    await db.query('COMMIT');
    return result;
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

/** The audit row of the action under way. */
export const writeAudit = async (db: Client, result: object = { summary: 'done' }): Promise<void> => {
  await db.query(
    `SELECT ops.write_audit('update', 'account', '1', NULL, NULL, NULL, 'success', NULL, 'a note of a test', NULL, $1::jsonb)`,
    [JSON.stringify(result)],
  );
};

const fromError = (error: unknown): Refused => {
  if (!(error instanceof DatabaseError)) throw error;
  return { code: error.code ?? '', message: error.message, detail: error.detail ?? '' };
};

/** How the database refused, or the code 'done' where it did not. Leaves no transaction open on `db`. */
export const refusal = async (db: Client, attempt: () => Promise<unknown>): Promise<Refused> => {
  try {
    await attempt();
    return { code: 'done', message: '', detail: '' };
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    return fromError(error);
  }
};

/** Moves an account to a state; a freeze brings its hold and an unfreeze takes it away. */
export const toStatus = async (db: Client, operator: TestOperator, id: string, status: AccountStatus): Promise<void> => {
  const version = async (): Promise<unknown> =>
    (await db.query<{ version: number }>('SELECT version FROM bank.account WHERE id = $1', [id])).rows[0]?.version;
  const actions = {
    active: 'accounts.approve',
    rejected: 'accounts.reject',
    closed: 'accounts.close',
    frozen: 'accounts.freeze',
    pending: 'accounts.retract-approval',
  } as const;
  await act(
    db,
    operator,
    actions[status],
    async () => {
      if (status === 'frozen')
        await db.query(`SELECT ops.place_hold($1, $2, 'compliance', 'held for a test', current_date + 7, false)`, [id, await version()]);
      else await db.query('SELECT bank.set_account_status($1, $2, $3)', [id, status, await version()]);
    },
    { target: ['account', id] },
  );
};

const openAccount = async (
  bank: Pick<Bank, 'db' | 'one' | 'customer'>,
  wish: Parameters<Bank['account']>[0] = {},
): Promise<TestAccount> => {
  const { status = 'active', balance = 0, currency = 'EUR', owner = bank.customer } = wish;
  const { rows } = await bank.db.query<TestAccount>(
    `INSERT INTO bank.account (number, user_id, currency) VALUES (bank.next_account_number(), $1, $2) RETURNING id, number, user_id AS "userId"`,
    [owner, currency],
  );
  const [account] = rows;
  if (!account) throw new Error('no account was opened');
  if (status === 'rejected') await toStatus(bank.db, bank.one, account.id, 'rejected');
  else if (status !== 'pending') await toStatus(bank.db, bank.one, account.id, 'active');
  if (balance > 0) {
    const { code } = await post(bank.db, { type: 'deposit', to: account.id, amount: balance, currency });
    if (code !== null) throw new Error(`the first deposit was refused: ${code}`);
  }
  if (status === 'frozen' || status === 'closed') await toStatus(bank.db, bank.one, account.id, status);
  return account;
};

export type BankOptions = {
  /** Replaces the default limits, in units of the currency. */
  readonly limits?: number;
  /** More operators, with their roles. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
};

/** Puts operators and a customer into a migrated, empty database. Disposing ends the connection and drops nothing. */
export const aBankOn = async (url: string, { limits, others = {} }: BankOptions = {}): Promise<Bank> => {
  const connect = async (): Promise<Client> => {
    const client = new Client(patient(connectionSettings(url, { applicationName: 'tests', statementTimeoutMs: 60_000 })));
    // a connection that is cut shows in the query that was under way
    client.on('error', () => undefined);
    await client.connect();
    // a crowd of test clients may wait longer for one row than a console would, and a test hold one while it looks at what others do
    await client.query('SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0');
    return client;
  };
  const db = await connect();
  const ids = [await addOperator(db, 'one', allRoles), await addOperator(db, 'two', allRoles)] as const;
  const maker = { id: await addOperator(db, 'maker', allRoles), name: 'maker', token: makerToken };
  for (const [name, roles] of Object.entries(others)) await addOperator(db, name, roles);
  await db.query('UPDATE bank.calendar SET time_zone = $1', [zoneAtNoon()]);
  if (limits !== undefined) await db.query('UPDATE bank.limit_default SET single_units = $1, daily_units = $1', [limits]);
  const one = { id: ids[0], name: 'one', token: await openOperatorSession(db, ids[0]) };
  const two = { id: ids[1], name: 'two', token: await openOperatorSession(db, ids[1]) };
  await openOperatorSession(db, maker.id, '8 hours', makerToken);
  const rows = async <Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    (await db.query<Row>(sql, values)).rows;
  const [person] = await rows<{ id: string }>(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
     VALUES ('ada', 'ada@mail.example', 'Ada', 'Byron', 'customer', 'active') RETURNING id`,
  );
  const customer = person?.id ?? '';
  return {
    url, db, one, two, maker, customer, connect, rows,
    account: wish => openAccount({ db, one, customer }, wish),
    behindItsBack: async (sql, values = []) => {
      await db.query('SET session_replication_role = replica');
      try {
        await db.query(sql, values);
      } finally {
        await db.query('SET session_replication_role = origin');
      }
    },
    [Symbol.asyncDispose]: () => db.end(),
  }; // prettier-ignore
};

/** Opens a bank of the test's own; disposing drops it. */
export const aBank = async (options: BankOptions = {}): Promise<Bank> => {
  const database = await aDatabase('empty');
  const bank = await aBankOn(database.url, options);
  return {
    ...bank,
    [Symbol.asyncDispose]: async () => {
      await bank[Symbol.asyncDispose]();
      await database.drop();
    },
  };
};
