import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { aBank, hashOf, openOperatorSession, refusal, type Bank } from '../../support/acting.ts';
import { approveAndClose, askToClose, closeUnder, type Asked } from '../../support/deciding.ts';
import { full, inParallel, report, seed } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

let bank: Bank;
let db: Client;
let second: Client;
/** Other sessions of the maker, who holds every role there is. */
let others: readonly string[];
/** An operator whom the maker created, with every role as well. */
let creature: string;

beforeAll(async () => {
  const all = ['admin', 'manager', 'operations', 'analyst', 'support', 'auditor', 'sysop'];
  bank = await aBank({ others: { creature: all, third: all } });
  [db, second] = [await connectAs(bank.url, 'bursar_operator'), await connectAs(bank.url, 'bursar_operator')];
  others = [await openOperatorSession(bank.db, bank.one.id), await openOperatorSession(bank.db, bank.one.id)];
  await bank.behindItsBack(`UPDATE ops.operator_session SET kind = 'token' WHERE token_hash = $1`, [hashOf(others[1] ?? '')]);
  await bank.behindItsBack(`UPDATE ops.operator SET created_by = $1 WHERE name = 'creature'`, [bank.one.id]);
  const [row] = await bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'creature'`);
  creature = await openOperatorSession(bank.db, row?.id ?? '');
});
afterAll(async () => {
  await Promise.all([db.end(), second.end()]);
  await bank[Symbol.asyncDispose]();
});

/** One way to decide one's own request; each is to be refused. */
type Way = (asked: Asked) => Promise<unknown>;

const ways: Readonly<Record<string, Way>> = {
  'the same session': asked => approveAndClose(db, bank.one.token, asked),
  'a second session': asked => approveAndClose(second, others[0] ?? '', asked),
  'a token for commands': asked => approveAndClose(second, others[1] ?? '', asked),
  'two sessions at once': async asked => {
    const tries = await Promise.allSettled([approveAndClose(db, others[0] ?? '', asked), approveAndClose(second, others[1] ?? '', asked)]);
    for (const one of tries) if (one.status === 'rejected') throw one.reason;
  },
  'an operator of one’s own making': asked => approveAndClose(db, creature, asked),
  'the key of the request itself': asked => approveAndClose(db, bank.one.token, asked, asked.id),
  'no approval at all': ({ account }) => closeUnder(db, bank.one.token, 'accounts.close', null, account),
  'a made-up approval': ({ account }) => closeUnder(db, bank.one.token, 'accounts.close', randomUUID(), account),
  'another action with this approval': ({ id, account }) => closeUnder(db, bank.one.token, 'accounts.unfreeze', id, account),
  'the action that asks': ({ account }) => closeUnder(db, bank.one.token, 'approvals.request', null, account),
  'broken glass without an incident': async ({ id }) => {
    await db.query('BEGIN');
    await db.query(`SELECT ops.begin_action($1, 'accounts.close', $2, $3, $4, true)`, [bank.one.token, hashOf('close it'), randomUUID(), id]);
  },
  'the request changed by hand': ({ id }) => db.query(`UPDATE ops.approval SET status = 'approved', decided_by = $2 WHERE id = $1`, [id, bank.two.id]),
  'the maker changed by hand': ({ id }) => db.query('UPDATE ops.approval SET maker_id = $2 WHERE id = $1', [id, bank.two.id]),
  'a run written by hand': ({ id }) =>
    db.query(
      `INSERT INTO ops.action_run (request_id, transaction_number, operator_id, session_id, action, input_hash, approval_id)
       SELECT gen_random_uuid(), pg_current_xact_id()::text::bigint, $1, s.id, 'accounts.close', '\\x00', $2 FROM ops.operator_session s WHERE s.operator_id = $1 LIMIT 1`,
      [bank.two.id, id],
    ),
  'a verdict on it': ({ number }) => inAction('approvals.ratify', `ops.judge_request(${number}, 'ratified', 'a note of an attack')`),
  'a decision note': () => inAction('accounts.close', `ops.note_decision('a note of an attack')`),
  'asking and deciding in one transaction': async asked => {
    await db.query('BEGIN');
    await db.query(`SELECT ops.begin_action($1, 'approvals.request', $2, $3)`, [bank.one.token, hashOf('x'), randomUUID()]);
    await db.query('SAVEPOINT between');
    await db.query(`SELECT ops.begin_action($1, 'accounts.close', $2, $3, $4)`, [others[0], hashOf('close it'), randomUUID(), asked.id]);
  },
  'settling it as lost': ({ id }) =>
    db.query(`SELECT ops.settle_request($1, 'accounts.close', $2, $3, 'update', 'account', '1')`, [bank.one.token, hashOf('close it'), id]),
  'the checker’s session instead of the token': async asked => {
    const [row] = await bank.rows<{ id: string }>('SELECT id FROM ops.operator_session WHERE operator_id = $1', [bank.two.id]);
    await approveAndClose(db, row?.id ?? '', asked);
  },
}; // prettier-ignore

const inAction = async (action: string, call: string): Promise<void> => {
  await db.query('BEGIN');
  await db.query('SELECT ops.begin_action($1, $2, $3, $4)', [bank.one.token, action, hashOf('x'), randomUUID()]);
  await db.query(`SELECT ${call}`);
  await db.query('COMMIT');
};

const stateOf = async (client: Client, { id, account }: Asked): Promise<string> => {
  const { rows } = await client.query<{ state: string }>(
    `SELECT a.status || ' ' || b.status || ' ' || (SELECT count(*) FROM ops.audit WHERE approval_id = a.id) AS state FROM ops.approval a, bank.account b WHERE a.id = $1 AND b.id = $2`,
    [id, account],
  );
  return rows[0]?.state ?? 'gone';
};

test('whoever asks never decides: 300 attempts by SQL and by second sessions', { timeout: 180_000 }, async () => {
  const random = randomFrom(seed, 'self-approval');
  const requests: Asked[] = [];
  for (let index = 0; index < 6; index++) requests.push(await askToClose(db, bank.one, (await bank.account()).id));
  const figures = { attempts: 0, ways: Object.keys(ways).length, succeeded: 0 };
  const refusals = new Map<string, number>();
  const names = Object.keys(ways);
  for (let index = 0; index < 300; index++) {
    const name = names[index % names.length] ?? '';
    const asked = random.pick(requests);
    const { code } = await refusal(db, async () => ways[name]?.(asked));
    await db.query('ROLLBACK');
    refusals.set(`${name}: ${code}`, (refusals.get(`${name}: ${code}`) ?? 0) + 1);
    figures.attempts++;
    if ((await stateOf(db, asked)) !== 'pending active 0') figures.succeeded++;
  }
  report('self-approval by SQL', figures);
  expect(figures.succeeded).toBe(0);
  // The one way that is answered at all tells the asker that the request was made, which is true
  expect([...refusals.keys()].filter(line => line.endsWith(': done') && !line.startsWith('settling'))).toEqual([]);
});

test('two checkers who decide at the same moment carry a request out once', async () => {
  const decisions = full ? 500 : 40;
  const [third] = await bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'third'`);
  const checkers = [bank.two.token, await openOperatorSession(bank.db, third?.id ?? '')];
  const clients = await Promise.all(
    [1, 2, 3, 4].map(async () => [await connectAs(bank.url, 'bursar_operator'), await connectAs(bank.url, 'bursar_operator')] as const),
  );
  const requests: Asked[] = [];
  for (let index = 0; index < decisions; index++) requests.push(await askToClose(db, bank.one, (await bank.account()).id));
  const figures = { 'decided at once by two': decisions, executed: 0, 'executed twice': 0, 'refused the second time': 0 };
  const strange: string[] = [];
  await inParallel(clients, requests, async ([a, b], asked) => {
    const codes = await Promise.all(
      [a, b].map((client, index) => refusal(client, () => approveAndClose(client, checkers[index] ?? '', asked))),
    );
    const done = codes.filter(({ code }) => code === 'done').length;
    if (done === 1) figures.executed++;
    if (done > 1) figures['executed twice']++;
    if (codes.some(({ code }) => code === 'BU007')) figures['refused the second time']++;
    const state = await stateOf(a, asked);
    if (done !== 1 || state !== 'executed closed 1')
      strange.push(`${codes.map(({ code, message }) => `${code} ${message}`).join(' / ')}: ${state}`);
  });
  await Promise.all(clients.flat().map(client => client.end()));
  report('double decisions by SQL', figures);
  expect(strange).toEqual([]);
}, 600_000);
