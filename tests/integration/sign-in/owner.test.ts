import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { asRole } from '../../../src/database/role-url.ts';
import { connectionSettings } from '../../../src/database/settings.ts';
import { loginRoles } from '../../../src/database/grants.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { atTerminal, enrolling } from '../../support/terminal-command.ts';

// every command derives passwords with 64 MiB, as it does for people
vi.setConfig({ testTimeout: 120_000 });

const password = 'nineteen otters juggle lemons';
let bank: TestDatabase;
let home: string;
beforeAll(async () => {
  bank = await aDatabase('empty');
  home = aCommandHome();
});
afterAll(() => bank.drop());

const rows = (sql: string, values: unknown[] = []) => query(bank.url, sql, values);
const ask = `SELECT ops.open_owner_session($1, 'psql', 'a reason of the owner')`;

describe('a session of the owner', () => {
  test.each(loginRoles)('is refused to the role %s, by SQL', async role => {
    await expect(query(asRole(bank.url, role), ask, [randomBytes(32).toString('hex')])).rejects.toThrow('permission denied');
    await expect(query(asRole(bank.url, role), `SELECT ops.found_operator('eve', 'Eve', NULL, '{admin}', sha256('x'))`)).rejects.toThrow(
      'permission denied',
    );
    await expect(query(asRole(bank.url, role), `SELECT ops.recover_operator(1, sha256('x'))`)).rejects.toThrow('permission denied');
  });

  test('is refused to the command of whoever only may what a console may, with what to do', async () => {
    const bursar = atTerminal({ url: asRole(bank.url, 'bursar_operator'), home, person: enrolling(password) });
    for (const words of [
      ['found', 'eve', '--yes'],
      ['recover', 'eve', '--note', 'nobody can sign in any more'],
    ]) {
      expect(await bursar('operators', ...words)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: 'bursar: this login does not own the database; name one that does in BURSAR_OWNER_URL\n',
      });
    }
  });

  test('needs a terminal: its code is shown there and nowhere else', async () => {
    const bursar = atTerminal({ url: bank.url, home });
    const answer = await bursar('operators', 'found', 'ada', '--yes');
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('this needs a terminal');
    expect(await rows('SELECT FROM ops.operator')).toHaveLength(0);
  });

  test('lasts ten minutes, with a write window that says why, and stands in the audit log', async () => {
    const token = randomBytes(32).toString('hex');
    await rows(ask, [token]);
    const [session] = await rows(
      `SELECT o.name, s.kind, extract(epoch FROM s.expires_at - s.started_at)::int AS seconds, w.reason, w.expires_at <= s.expires_at + interval '1 second' AS within
         FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id JOIN ops.write_window w ON w.session_id = s.id`,
    );
    expect(session).toEqual({ name: 'database-owner', kind: 'owner', seconds: 600, reason: 'a reason of the owner', within: true });
    expect(await rows(`SELECT operator, action, outcome::text FROM ops.audit`)).toEqual([
      { operator: 'database-owner', action: 'sessions.open', outcome: 'success' },
    ]);
    expect(await rows(`SELECT permission FROM ops.permissions_of((SELECT id FROM ops.operator)) AS permission ORDER BY 1`)).toEqual(
      ['operator.found', 'operator.read', 'operator.recover', 'self'].map(permission => ({ permission })),
    );
    await expect(rows(`SELECT ops.begin_action($1, 'accounts.freeze', sha256('x'), gen_random_uuid())`, [token])).rejects.toThrow(
      'needs the permission',
    );
    await expect(rows(`SELECT ops.begin_action($1, 'operators.create', sha256('x'), gen_random_uuid())`, [token])).rejects.toThrow(
      'needs the permission',
    );
    await expect(rows(`SELECT ops.open_owner_session($1, 'psql', 'short')`, [token])).rejects.toThrow('a reason of at least 10');
  });

  test('cannot be signed in to, disabled, granted to or reset', async () => {
    const bursar = atTerminal({ url: bank.url, home, person: enrolling(password) });
    expect(await bursar('operators', 'found', 'database-owner', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is kept for whoever owns the database') as string,
    });
    expect(
      await bursar('operators', 'recover', 'database-owner', '--confirm', 'database-owner', '--note', 'let me in as the owner'),
    ).toMatchObject({ code: 3 });
    expect(await rows('SELECT FROM ops.operator_credential')).toHaveLength(0);
  });
});

describe('the first administrators', () => {
  test('are two, also where eight terminals of the owner found at the same moment', async () => {
    await using other = await aDatabase('empty');
    const found = async (index: number): Promise<string> => {
      const client = new Client(connectionSettings(other.url, { applicationName: 'founding', statementTimeoutMs: 20_000 }));
      await client.connect();
      const token = randomBytes(32).toString('hex');
      try {
        await client.query(ask, [token]);
        await client.query('BEGIN');
        await client.query(`SELECT ops.begin_action($1, 'operators.found', sha256('x'), gen_random_uuid())`, [token]);
        await client.query(`SELECT ops.found_operator($1, 'Founder', NULL, '{admin}', sha256('x'))`, [`founder${index}`]);
        await client.query(
          `SELECT ops.write_audit('create', 'operator', '1', NULL, NULL, NULL, 'success', NULL, 'a race of founders', NULL, '{}')`,
        );
        await client.query('COMMIT');
        return 'founded';
      } catch (error) {
        return (error as { code?: string }).code ?? String(error);
      } finally {
        await client.end();
      }
    };
    const ends = await Promise.all(Array.from({ length: 8 }, (_, index) => found(index)));
    expect(ends.toSorted()).toEqual([...Array.from({ length: 6 }, () => 'BU009'), 'founded', 'founded']);
  });

  test('are two: each has roles with admin among them, the third is refused', async () => {
    const bursar = atTerminal({ url: bank.url, home, person: enrolling(password) });
    expect(await bursar('operators', 'found', 'nora', '--roles', 'viewer', '--yes')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the first two operators are administrators') as string,
    });
    for (const name of ['ada', 'bert']) {
      const founded = await bursar('operators', 'create', name, '--roles', 'admin, auditor', '--yes');
      expect(founded).toMatchObject({
        code: 0,
        stdout: `founded ${name}, who is enrolled: sign in with "bursar login ${name}", or start bursar\n`,
      });
    }
    const third = await bursar('operators', 'found', 'carl', '--yes');
    expect(third).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there are two administrators already: they create operators, with operators create') as string,
    });
    expect(await rows(`SELECT name FROM ops.operator WHERE name <> 'database-owner' ORDER BY name`)).toEqual([
      { name: 'ada' },
      { name: 'bert' },
    ]);
  });

  test('nothing that was typed or shown stands in any table', async () => {
    const person = enrolling(password, { 'What happened': 'the only phone of bert is in the lake' });
    const bursar = atTerminal({ url: bank.url, home, person });
    const answer = await bursar('operators', 'recover', 'bert', '--confirm', 'bert');
    expect(answer).toMatchObject({ code: 0 });
    const secrets = [
      password,
      /secret=([A-Z2-7]+)/.exec(answer.stderr)?.[1] ?? '-',
      ...(answer.stderr.match(/[0-9a-z]{4}(-[0-9a-z]{4}){3}/g) ?? []),
    ];
    expect(secrets).toHaveLength(12);
    const tables = await rows(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform')`,
    );
    for (const { name } of tables) {
      const text = JSON.stringify(await rows(`SELECT t::text FROM ${String(name)} t`));
      expect(secrets.filter(secret => text.includes(secret))).toEqual([]);
    }
    expect(answer.stdout).not.toMatch(/secret=|-[0-9a-z]{4}-/);
  });
});
