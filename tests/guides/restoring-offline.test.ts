import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openLocalServer } from '../../src/database/local-server.ts';
import { migrate } from '../../src/database/migrate.ts';
import { aBankOn } from '../support/acting.ts';
import { launchCommand, type Answer } from '../support/command.ts';
import { withConnection } from '../../src/commands/with-database.ts';
import { aHome } from '../support/home.ts';
import { maintained } from '../support/maintained.ts';
import { query } from '../support/query.ts';
import { offlineJournals, struck } from '../support/restoring.ts';
import { applyRights } from '../../src/database/rights.ts';
import { migrations } from '../support/work-context.ts';

vi.setConfig({ testTimeout: 300_000 });

/** Overwrites the first page of a table, as a dying disk does. */
const damage = (file: string): void => {
  expect(statSync(file).size).toBeGreaterThan(0);
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(8_192, 0xa5));
  closeSync(opened);
};

const fileOf = async (url: string, data: string, table: string): Promise<string> =>
  path.join(data, String((await query(url, 'SELECT pg_relation_filepath($1) AS file', [table]))[0]?.['file']));

test('P20, D34 a database that nobody can read: stopped, its files kept, the newest backup restored by two people at the terminal, users counted', async () => {
  await using home = aHome();
  const server = await openLocalServer({ home: home.path, settings: { fsync: 'off' } });
  await withConnection(server.url, { name: 'test', readOnly: false }, async connection => {
    await migrate(connection, migrations);
    await applyRights(connection);
  });
  const bank = await aBankOn(server.url);
  await bank.account({ status: 'active', balance: 4_711 });
  const users = Number((await query(server.url, 'SELECT count(*)::int AS n FROM bank."user"'))[0]?.['n']);
  const backup = String((await maintained(server.url, { home: home.path }).maintain('backup'))['name']);

  const offline = (...flags: string[]): Promise<Answer> => launchCommand({ home: home.path }, 'maintain', 'restore-offline', ...flags);
  const agreed = [
    '--reason-offline', 'the disk of the database died', '--confirm', `${hostname()} bursar`, '--second', 'Mona Meyer', '--second-confirm', backup,
  ]; // prettier-ignore
  // as long as it answers, there is a better way
  expect(await offline(...agreed)).toMatchObject({ code: 3, stderr: expect.stringContaining('the live database answers') as string });

  const file = await fileOf(server.url, server.dataDirectory, 'bank."user"');
  await bank[Symbol.asyncDispose]();
  await server.stop();
  damage(file);
  const one = await offline(...agreed.slice(0, 4));
  expect(one.stderr).toContain('The live database cannot be read');
  expect(one.stderr).toContain('it takes a second person');
  expect(readdirSync(home.path).filter(name => name.startsWith('data-dead'))).toEqual([]);

  // nothing is put aside where the disk has no room for another one: a file of twelve terabytes that takes none
  const large = path.join(server.dataDirectory, 'base', 'large');
  writeFileSync(large, '');
  truncateSync(large, 12e12);
  expect(await offline(...agreed)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/the restore needs 14,400,\d{3} MB of the disk of .* are free: nothing was begun; make room there, or say --although-too-full/) as string,
  }); // prettier-ignore
  expect([offlineJournals(home.path), readdirSync(home.path).filter(name => name.startsWith('data-dead'))]).toEqual([[], []]);
  rmSync(large);

  // killed with -9 while it puts the files aside it goes on with them, though the new server answers
  const killed = await struck({ home: home.path, signal: 'SIGKILL', args: ['maintain', 'restore-offline', ...agreed] }, () =>
    offlineJournals(home.path).some(text => text.includes('"step":"safety backup","state":"begun"')),
  );
  expect(`${killed.signal} ${killed.signal === 'SIGKILL' ? '' : killed.said}`).toBe('SIGKILL ');
  const both = await offline(...agreed);
  expect(`${both.code} ${both.code === 0 ? '' : both.stderr}`).toBe('0 ');
  expect(both.stderr).toContain('it is gone on with');
  expect(JSON.parse(both.stdout)).toMatchObject({ backup, users, transactions: 1, kept: expect.stringContaining('data-dead-') as string });
  expect(both.stderr).toContain('accounts that were frozen or closed after');
  expect(readdirSync(home.path).filter(name => name.startsWith('data-dead'))).toHaveLength(1);

  const again = await openLocalServer({ home: home.path });
  expect(await query(again.url, `SELECT datname FROM pg_database WHERE datname ~ '_(old|restore)_'`)).toEqual([]);
  expect(await query(again.url, 'SELECT sum(balance)::text AS sum FROM bank.account')).toEqual([{ sum: '4711' }]);
  expect(
    await query(again.url, `SELECT action, operator, new ->> 'second' AS second, note FROM ops.audit WHERE action = 'restores.offline'`),
  ).toEqual([{ action: 'restores.offline', operator: 'database-owner', second: 'Mona Meyer', note: 'the disk of the database died' }]);
  expect(
    await query(again.url, `SELECT count(*)::int AS n FROM ops.operator_session WHERE revoked_at IS NULL AND kind <> 'owner'`),
  ).toEqual([{ n: 0 }]);
  expect(await query(again.url, 'SELECT problem FROM ops.verify_audit()')).toEqual([{ problem: null }]);
  await again.stop();
});
