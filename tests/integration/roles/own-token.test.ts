import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from 'pg';
import { functionsOf } from '../../../src/database/grants.ts';
import { hashOf, openOperatorSession, refusal, type TestOperator } from '../../support/acting.ts';
import { contractCalls, withoutCall, type ContractCall } from '../../support/contract-calls.ts';
import { aContractWorld, type ContractWorld } from '../../support/contract-world.ts';
import { full, report } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

let world: ContractWorld;
let db: Client;
let calls: readonly ContractCall[];
let actions: readonly { readonly action: string; readonly eyes: number }[];
/** Of the operator `three`, whose role changes from test to test. */
let token: string;

const sessionsOfOthers = () =>
  world.bank.rows<{ print: string }>(
    `SELECT md5(string_agg(s::text || coalesce(w::text, ''), '|' ORDER BY s.id, w.id)) AS print FROM ops.operator_session s LEFT JOIN ops.write_window w ON w.session_id = s.id WHERE s.operator_id = $1`,
    [world.bank.two.id],
  );

beforeAll(async () => {
  world = await aContractWorld();
  db = await connectAs(world.bank.url, 'bursar_operator');
  calls = contractCalls(world);
  actions = await world.bank.rows('SELECT action, eyes FROM ops.action_permission ORDER BY action');
  token = await openOperatorSession(world.bank.db, world.id['operator:three'] ?? '');
});
afterAll(async () => {
  await db.end();
  await world.bank[Symbol.asyncDispose]();
});

const requests = new Map<string, { readonly request: string; readonly asked: string }>();

/** A request of `two`'s for an action, about what the call changes; planted, since it is not what is tested here. */
const approvalFor = async (action: string, { target: [entity, id] = ['test', 'none'], asked = {} }: ContractCall): Promise<string> => {
  // Every attempt is rolled back, so that a request serves the next as well
  const key = `${action} ${entity} ${id}`;
  const earlier = requests.get(key);
  if (earlier?.asked === JSON.stringify(asked)) return earlier.request;
  const request = randomUUID();
  requests.set(key, { request, asked: JSON.stringify(asked) });
  await world.bank.behindItsBack('DELETE FROM ops.approval WHERE action = $1 AND entity = $2 AND entity_id = $3', [action, entity, id]);
  await world.bank.behindItsBack(
    `INSERT INTO ops.approval (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, maker_id, maker_session, expires_at)
     SELECT $1, $2, '1', $3, $4, 'x', 0, $5, $6, '[]', '-', 'planted by a test', s.operator_id, s.id, clock_timestamp() + interval '1 day' FROM ops.operator_session s WHERE s.operator_id = $7 LIMIT 1`,
    [request, action, entity, id, JSON.stringify(asked), hashOf(action), world.bank.two.id],
  );
  return request;
};

/** What the database says to a call under an action; nothing of it stays. */
const tried = async (operator: TestOperator, action: string, approval: string | null, call: string): Promise<string> => {
  const { code, message } = await refusal(db, async () => {
    await db.query('BEGIN');
    await db.query('SELECT ops.begin_action($1, $2, $3, $4, $5)', [operator.token, action, hashOf(action), randomUUID(), approval]);
    await db.query(`SELECT ${call}`);
    await db.query('SET CONSTRAINTS ops.match_status, bank.match_hold IMMEDIATE');
    await db.query('ROLLBACK');
  });
  return code === 'done' ? 'done' : `${code} ${message}`;
};

test('every contract function of the operator’s role is tried', () => {
  const named = new Set([...calls.map(({ call }) => call.split('(')[0] ?? ''), ...withoutCall]);
  const contract = functionsOf.bursar_operator.filter(name => !functionsOf.bursar_auditor.includes(name));
  expect(contract.filter(name => !named.has(name))).toEqual([]);
});

/** Every how many-th of the other actions a function is tried under; the next function under the ones after those. */
const everyNth = full ? 1 : 9;

test('a contract function does its own action’s work and no other’s, whatever else its caller may do', async () => {
  const figures = { functions: calls.length, actions: actions.length, 'done under their own action': 0, 'refused under others': 0 };
  const wrong: string[] = [];
  for (const [turn, call] of calls.entries()) {
    for (const [index, { action, eyes }] of actions.entries()) {
      const own = call.by.includes(action);
      if (!own && (index + turn) % everyNth !== 0) continue;
      const approval = eyes === 2 ? await approvalFor(action, call) : null;
      const answer = await tried(world.bank.one, action, approval, call.call);
      if (own === (answer === 'done')) figures[own ? 'done under their own action' : 'refused under others']++;
      else wrong.push(`${call.call} under ${action}: ${answer}`);
      if (!own && !/^(done|BU0|23514|23502)/.test(answer)) wrong.push(`${call.call} under ${action} is refused by accident: ${answer}`);
    }
  }
  report('contract functions × actions', figures);
  expect(wrong).toEqual([]);
}, 300_000);

test('an action is begun by the roles that hold its permission, and by no other', { timeout: 180_000 }, async () => {
  const roles = await world.bank.rows<{ name: string; holds: string[] }>(
    `SELECT r.name, ARRAY(SELECT a.action FROM ops.action_permission a WHERE a.permission = 'self' OR EXISTS (SELECT FROM ops.role_permission p WHERE p.role = r.name AND p.permission = a.permission)) AS holds
       FROM ops.role r WHERE r.name <> 'owner' ORDER BY rank`,
  );
  const figures = { roles: roles.length, actions: actions.length, begun: 0, refused: 0 };
  for (const { name, holds } of roles) {
    // The same operator with one role after the other: rights are asked for anew at each action
    await world.bank.behindItsBack(`UPDATE ops.operator_role SET role = $1, expires_at = NULL WHERE operator_id = $2`, [
      name,
      world.id['operator:three'],
    ]);
    for (const { action, eyes } of actions) {
      const answer = await tried({ id: '', name: 'three', token }, action, null, '1');
      const expected = !holds.includes(action) ? /BU002 .* needs the permission/ : eyes === 2 ? /BU012/ : /done$/;
      expect(`${name} ${action} ${answer}`).toMatch(expected);
      figures[answer === 'done' ? 'begun' : 'refused']++;
    }
  }
  report('roles × actions, by SQL', figures);
});

test('one’s own token reaches no other session: not its window, its lock, its password or its end', async () => {
  const [before] = await sessionsOfOthers();
  const foreign = (
    await world.bank.rows<{ id: string; hash: string }>(
      `SELECT id, encode(token_hash, 'hex') AS hash FROM ops.operator_session WHERE operator_id = $1`,
      [world.bank.two.id],
    )
  )[0];
  for (const key of [foreign?.id, foreign?.hash, `\\x${foreign?.hash}`, world.bank.two.id, 'two']) {
    for (const call of [
      'close_session($1)',
      'close_window($1)',
      'lock_session($1)',
      `unlock_session($1, '\\x00')`,
      'touch($1, true)',
      `open_window($1, 'a reason', 60)`,
      'renew_window($1, 60)',
    ]) {
      await refusal(db, () => db.query(`SELECT ops.${call}`, [key]));
    }
  }
  expect((await sessionsOfOthers())[0]).toEqual(before);
});
