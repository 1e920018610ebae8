import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from 'pg';
import { readCatalog } from '../../../src/database/rights-catalog.ts';
import { rightsProblems } from '../../../src/database/rights.ts';
import { hashOf, openOperatorSession, refusal } from '../../support/acting.ts';
import { attacksOn, functionsToAttack } from '../../support/attack-arguments.ts';
import { contractCalls } from '../../support/contract-calls.ts';
import { aContractWorld, traces, type ContractWorld } from '../../support/contract-world.ts';
import { changed, tables } from '../../support/every-action.ts';
import { report } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

let world: ContractWorld;
/** What somebody without a session may come upon: SQL that stands where a token is asked for. */
let keys: readonly string[];

beforeAll(async () => {
  world = await aContractWorld();
  const { bank } = world;
  const ended = await openOperatorSession(bank.db, bank.two.id);
  await bank.behindItsBack('UPDATE ops.operator_session SET revoked_at = now() WHERE token_hash = $1', [hashOf(ended)]);
  const expired = await openOperatorSession(bank.db, bank.two.id);
  await bank.behindItsBack(`UPDATE ops.operator_session SET expires_at = now() - interval '1 minute' WHERE token_hash = $1`, [
    hashOf(expired),
  ]);
  const [session] = await bank.rows<{ id: string; hash: string }>(
    `SELECT id, encode(token_hash, 'hex') AS hash FROM ops.operator_session WHERE operator_id = $1 LIMIT 1`,
    [bank.one.id],
  );
  keys = [
    `''`,
    `'one'`,
    `'${randomUUID()}-${randomUUID()}'`,
    `'${ended}'`,
    `'${expired}'`,
    `'${session?.id}'`,
    `'${session?.hash}'`,
    `E'\\\\x${session?.hash}'`,
  ];
});
afterAll(() => world.bank[Symbol.asyncDispose]());

/** Tries all statements, each by itself; gives how they were answered. */
const tryAll = async (db: Client, statements: readonly string[]): Promise<Record<string, number>> => {
  const answers: Record<string, number> = {};
  for (const statement of statements) {
    const { code } = await refusal(db, () => db.query(statement));
    answers[code] = (answers[code] ?? 0) + 1;
  }
  return answers;
};

const writesOn = (table: string, columns: readonly string[]): readonly string[] => [
  `INSERT INTO ${table} DEFAULT VALUES`,
  `INSERT INTO ${table} SELECT * FROM ${table}`,
  ...columns.map(column => `UPDATE ${table} SET "${column}" = "${column}"`),
  `DELETE FROM ${table}`,
  `TRUNCATE ${table} CASCADE`,
  `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
  `DROP TABLE ${table} CASCADE`,
  `CREATE TRIGGER evil BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ops.refuse_change()`,
  `CREATE RULE evil AS ON INSERT TO ${table} DO INSTEAD NOTHING`,
  `COPY ${table} FROM STDIN`,
  `DO $$ BEGIN LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; END $$`,
  `COMMENT ON TABLE ${table} IS 'mine'`,
];

describe.each(['bursar_operator', 'bursar_reader', 'bursar_auditor'] as const)(
  '%s with psql and no live token',
  { timeout: 180_000 },
  role => {
    test('writes to no table', async () => {
      const db = await connectAs(world.bank.url, role);
      const before = await tables(world.bank);
      const { things, columns } = await readCatalog(world.bank.db);
      const found = things.filter(({ kind }) => kind === 'table');
      const statements = found.flatMap(({ name, object }) =>
        writesOn(
          object,
          columns.filter(({ table }) => table === name).map(column => column.name),
        ),
      );
      const answers = await tryAll(db, statements);
      report(`${role}: ${found.length} tables`, { attempts: statements.length, 'refused by rights': answers['42501'] ?? 0 });
      // What is left fails before rights are asked for: views, and columns that are always computed
      expect(Object.keys(answers).filter(code => !['42501', '428C9', '42809', '42P16', '55000'].includes(code))).toEqual([]);
      // Postgres only warns that nothing was granted
      await tryAll(
        db,
        found.map(({ object }) => `GRANT ALL ON ${object} TO CURRENT_USER WITH GRANT OPTION`),
      );
      await db.end();
      expect(await rightsProblems(world.bank.db)).toEqual([]);
      expect(changed(before, await tables(world.bank))).toEqual([]);
    });

    test('changes nothing by any function, whatever it passes', async () => {
      const db = await connectAs(world.bank.url, role);
      const functions = await functionsToAttack(world.bank.db);
      const figures = {
        functions: functions.length,
        attempts: 0,
        'refused by rights': 0,
        'refused by the function': 0,
        'answered without a change': 0,
      };
      const harmful: string[] = [];
      let before = await tables(world.bank);
      for (const attacked of functions) {
        const answers = await tryAll(db, attacksOn(attacked, keys));
        for (const [code, count] of Object.entries(answers)) {
          figures.attempts += count;
          figures[code === '42501' ? 'refused by rights' : code === 'done' ? 'answered without a change' : 'refused by the function'] +=
            count;
        }
        // What is refused by rights alone never ran
        if (Object.keys(answers).every(code => code === '42501')) continue;
        const after = await tables(world.bank);
        const done = changed(before, after).filter(name => !traces.includes(name));
        before = after;
        if (done.length > 0) harmful.push(`${attacked.name} changed ${done.join(', ')}`);
      }
      await db.end();
      report(role, figures);
      expect(harmful).toEqual([]);
    });

    test('changes nothing by what would fit, inside and outside of transactions of its own', async () => {
      const db = await connectAs(world.bank.url, role);
      const before = await tables(world.bank);
      const calls = contractCalls(world).map(({ call }) => `SELECT ${call}`);
      const answers = await tryAll(db, [
        ...calls,
        ...calls.map(call => `BEGIN; ${call}; COMMIT`),
        ...calls.map(call => `DO $$ BEGIN PERFORM ${call.slice(7)}; END $$`),
      ]);
      await db.query('ROLLBACK').catch(() => undefined);
      await db.end();
      report(`${role}, calls that would fit`, answers);
      expect(answers['done']).toBeUndefined();
      expect(changed(before, await tables(world.bank))).toEqual([]);
    });
  },
);

test('what was tried is on record, under nobody’s name and never as done', async () => {
  const rows = await world.bank.rows<{ told: string }>(
    `SELECT DISTINCT coalesce(operator, 'nobody') || ' ' || outcome AS told FROM ops.audit WHERE db_role IN ('bursar_operator', 'bursar_reader', 'bursar_auditor')`,
  );
  expect(rows.map(({ told }) => told).filter(told => told.endsWith('success') || told.endsWith('partial'))).toEqual([]);
});
