import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from 'pg';
import { connectionSettings } from '../../../src/database/settings.ts';
import { full } from '../../support/reliability.ts';
import { aStaffedBank, type StaffedBank } from '../../support/staff.ts';

const races = full ? 100 : 20;
let bank: StaffedBank;
let connections: readonly Client[];
beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], max: ['manager'] });
  connections = await Promise.all(
    [0, 1].map(async () => {
      const client = new Client(connectionSettings(bank.url, { applicationName: 'race', statementTimeoutMs: 20_000 }));
      await client.connect();
      return client;
    }),
  );
});
afterAll(async () => {
  for (const client of connections) await client.end();
  await bank[Symbol.asyncDispose]();
});

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
const audit = `SELECT ops.write_audit('update', 'operator', '1', NULL, NULL, NULL, 'success', NULL, 'a race for the last administrator', NULL, '{}')`;

/** One transaction from begin to commit; gives the code it was refused with. */
const attempt = async (client: Client, statements: readonly (readonly [sql: string, values: readonly unknown[]])[]): Promise<string> => {
  await client.query('BEGIN');
  try {
    for (const [sql, values] of statements) await client.query(sql, [...values]);
    await client.query(audit);
    await client.query('COMMIT');
    return 'done';
  } catch (error) {
    await client.query('ROLLBACK');
    return (error as { code?: string }).code ?? String(error);
  }
};

/** Both administrators as they were, with sessions that may write. */
const ready = async (): Promise<readonly string[]> => {
  await bank.behindItsBack('UPDATE ops.operator SET is_active = true WHERE NOT is_active');
  await bank.behindItsBack(
    `INSERT INTO ops.operator_role (operator_id, role) SELECT id, 'admin' FROM ops.operator WHERE name IN ('ada', 'bert') ON CONFLICT DO NOTHING`,
  );
  const tokens = ['ada', 'bert', 'mona', 'max'].map(name => `${name}-${randomUUID()}-${randomUUID()}`);
  for (const token of tokens) {
    await bank.rows(
      `WITH s AS (INSERT INTO ops.operator_session (operator_id, token_hash, client, expires_at, code_at) SELECT id, $2, 'race', clock_timestamp() + interval '1 hour', clock_timestamp()
         FROM ops.operator WHERE name = $1 RETURNING id, operator_id)
       INSERT INTO ops.write_window (session_id, operator_id, reason, expires_at) SELECT id, operator_id, 'a race', clock_timestamp() + interval '30 minutes' FROM s`,
      [token.split('-')[0], hash(token)],
    );
  }
  return tokens;
};

const admins = async (): Promise<number> =>
  Number(
    await bank.value(
      `SELECT count(*) FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id WHERE r.role = 'admin' AND o.is_active AND r.expires_at IS NULL`,
    ),
  );

const tally = (codes: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code} ${count}`).join(', ');
};

test(`${races} times two administrators disable one another at once: one always stays`, { timeout: 120_000 }, async () => {
  const [ada, bert] = [await bank.idOf('ada'), await bank.idOf('bert')];
  const ends: string[] = [];
  for (let race = 0; race < races; race++) {
    const [adaToken, bertToken] = await ready();
    const disable = (client: Client, token: string | undefined, target: bigint) =>
      attempt(client, [
        [`SELECT operator_id FROM ops.begin_action($1, 'operators.disable', $2, $3)`, [token, hash('x'), randomUUID()]],
        ['SELECT ops.set_operator_active($1, false, NULL)', [String(target)]],
      ]);
    const [one, other] = connections;
    if (!one || !other) throw new Error('two connections are needed');
    ends.push(...(await Promise.all([disable(one, adaToken, bert), disable(other, bertToken, ada)])));
    expect(await admins()).toBe(1);
  }
  console.log(`${races} races to disable one another: ${tally(ends)}; administrators left each time: 1`);
  expect(ends.filter(code => code === 'done')).toHaveLength(races);
});

test(
  `${races} times two managers approve at once that each of the last two administrators loses the role: one always stays`,
  { timeout: 120_000 },
  async () => {
    const [ada, bert] = [await bank.idOf('ada'), await bank.idOf('bert')];
    const ends: string[] = [];
    for (let race = 0; race < races; race++) {
      const [adaToken, bertToken, monaToken, maxToken] = await ready();
      const ask = async (token: string | undefined, target: bigint): Promise<string> => {
        const request = randomUUID();
        const [client] = connections;
        if (!client) throw new Error('a connection is needed');
        expect(
          await attempt(client, [
            [`SELECT operator_id FROM ops.begin_action($1, 'approvals.request', $2, $3)`, [token, hash(request), request]],
            [
              `SELECT number FROM ops.make_request('operators.revoke-role', '1', 'operator', $1, 'x', 0, '{"role": "admin"}', $2, '[]', '-', 'a race for the last administrator', 24)`,
              [String(target), hash(request)],
            ],
          ]),
        ).toBe('done');
        return request;
      };
      const requests = [await ask(adaToken, bert), await ask(bertToken, ada)];
      const approve = (client: Client, token: string | undefined, request: string | undefined, target: bigint) =>
        attempt(client, [
          [
            `SELECT operator_id FROM ops.begin_action($1, 'operators.revoke-role', $2, gen_random_uuid(), $3)`,
            [token, hash(request ?? ''), request],
          ],
          [`SELECT ops.revoke_role($1, 'admin', NULL)`, [String(target)]],
        ]);
      const [one, other] = connections;
      if (!one || !other) throw new Error('two connections are needed');
      ends.push(...(await Promise.all([approve(one, monaToken, requests[0], bert), approve(other, maxToken, requests[1], ada)])));
      expect(await admins()).toBe(1);
      await bank.behindItsBack(`UPDATE ops.approval SET status = 'expired' WHERE status = 'pending'`);
    }
    console.log(`${races} races to take the role from one another: ${tally(ends)}; administrators left each time: 1`);
    expect(ends.filter(code => code === 'done')).toHaveLength(races);
  },
);

test('the last administrator is not disabled, reset or given an end, and a role that runs out does not count', async () => {
  await ready();
  const [ada, bert] = [await bank.member('ada'), await bank.member('bert')];
  const mona = await bank.member('mona');
  const note = 'a test of the last administrator';
  await bank.behindItsBack(
    `UPDATE ops.operator_role SET expires_at = clock_timestamp() + interval '1 hour' WHERE role = 'admin' AND operator_id = $1`,
    [String(bert.id)],
  );
  expect(await bert.run('operators.disable', { id: String(ada.id), note })).toMatchObject({
    refusal: { message: 'ada is the last active administrator and must stay', next: 'make somebody else an administrator first' },
  });
  expect(await bank.both(bert, mona, 'operators.reset', { id: String(ada.id), note })).toMatchObject({
    refusal: { message: expect.stringContaining('the last active administrator must stay') as string },
  });
  // past the console
  const past = bank.root.transaction(async db => {
    await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${bert.token}, 'operators.disable', ${Buffer.alloc(32)}, gen_random_uuid())`;
    await db.$queryRaw`SELECT ops.set_operator_active(${ada.id}, false, NULL)`;
  });
  await expect(past).rejects.toThrow('the last active administrator must stay');
  await bank.behindItsBack(`UPDATE ops.operator_role SET expires_at = NULL WHERE role = 'admin'`);
});
