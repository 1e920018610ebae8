import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { withConnection } from '../../../src/commands/with-database.ts';
import { openDatabase } from '../../../src/database/client.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { applyRights } from '../../../src/database/rights.ts';
import { presenceOf } from '../../../src/kit/presence.ts';
import { aBankOn, act, toStatus, type Bank } from '../../support/acting.ts';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { post } from '../../support/posting.ts';
import { query } from '../../support/query.ts';
import { full, report, inFullOnly } from '../../support/reliability.ts';
import { aRun, dropAll, restoreParts } from '../../support/restoring.ts';
import { migrations } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: full ? 600_000 : 120_000 });

/** Everything since the first release that a backup can be of; `archive` is COPY, for hosts without pg_dump. */
const cuts: readonly (readonly [until: string, kind: 'dump' | 'archive'])[] = full
  ? readdirSync(migrations)
      .filter(name => name >= '20261122190000' && name < '2027')
      .slice(0, -1)
      .flatMap(name => [[name, 'dump'] as const, [name, 'archive'] as const])
  : [['20261122190000_rights', 'dump']];

const migrated = (url: string, until?: string, folder = migrations): Promise<string[]> =>
  withConnection(url, { name: 'test', readOnly: false }, async connection => {
    const applied = await migrate(connection, folder, until === undefined ? {} : { until });
    await applyRights(connection);
    return applied;
  });

const never = (): Promise<never> => Promise.reject(new Error('nobody signs in here'));

/** What people decided and consoles noted after the backup, and what a program of today writes that the older schema does not know. */
const decideSince = async (bank: Bank, frozen: string, user: string): Promise<void> => {
  await toStatus(bank.db, bank.one, frozen, 'frozen');
  await act(bank.db, bank.one, 'users.lock', db =>
    db.query('SELECT bank.set_user_locked(id, true, version) FROM bank."user" WHERE id = $1', [user]),
  );
  for (const statement of [
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) SELECT 'db1', '127.0.0.1', 'bank', 'SHA256:' || repeat('a', 43), id, id FROM ops.operator WHERE name = 'one'`,
    `UPDATE ops.cleanup_policy SET days = 400 WHERE name = (SELECT min(name) FROM ops.cleanup_policy WHERE days < 400)`,
    `DELETE FROM ops.role_permission WHERE role = 'support' AND permission = 'user.read'`,
    `INSERT INTO bank.auth_event (type, username, user_id, ip) SELECT 'mfa_reset', username, id, '10.0.0.1' FROM bank."user"`,
    `UPDATE bank.limit_override SET ended_at = clock_timestamp(), end_note = 'it was ended early', ended_by = (SELECT min(id) FROM ops.operator)`,
  ]) await bank.behindItsBack(statement); // prettier-ignore
};

const facts = `
  SELECT (SELECT string_agg(id || status::text, ' ' ORDER BY id) FROM bank.account) AS accounts, (SELECT string_agg(id || status::text, ' ' ORDER BY id) FROM bank."user") AS users,
         (SELECT count(*)::int FROM ops.hold WHERE released_at IS NULL) AS holds, (SELECT seq || encode(hash, 'hex') FROM ops.audit_head) AS head,
         (SELECT problem FROM ops.verify_audit()) AS problem, (SELECT count(*)::int FROM bank.auth_event WHERE type = 'mfa_reset') AS resets,
         (SELECT count(*)::int FROM bank.limit_override o WHERE o.expires_at > clock_timestamp() AND to_jsonb(o) ->> 'ended_at' IS NULL) AS granted,
         (SELECT count(*)::int FROM ops.role_permission WHERE role = 'support' AND permission = 'user.read') AS revived`;
/** What the tables hold that only newer schemas have. */
const late = `
  SELECT (SELECT string_agg(h::text, ' ') FROM ops.host h) AS hosts, (SELECT string_agg(p::text, ' ' ORDER BY p.id) FROM ops.cleanup_policy p) AS policies,
         (SELECT string_agg(s.id || s.name, ' ' ORDER BY s.id) FROM ops.schedule s) AS schedules, (SELECT string_agg(p::text, ' ' ORDER BY p::text) FROM ops.role_permission p) AS rights,
         (SELECT string_agg(p::text, ' ' ORDER BY p.action) FROM ops.action_permission p) AS actions`;

const doctor = async (bursar: (...words: string[]) => Promise<Answer>): Promise<readonly string[]> =>
  (await bursar('doctor')).stdout.split('\n').filter(line => line.startsWith('FAIL'));

test.each(cuts)('a backup of the schema of %s, as %s, is restored into a newer bank, and then migrated', async (until, kind) => {
  await using database = await aDatabase('blank');
  const name = new URL(database.url).pathname.slice(1);
  await migrated(database.url, until);
  const bank = await aBankOn(database.url);
  const [frozen, other] = [await bank.account({ balance: 4_711 }), await bank.account({ balance: 815 })];
  await bank.behindItsBack(
    `INSERT INTO bank.limit_override (account_id, type, single, daily, expires_at, reason) VALUES ($1, 'deposit', 1000000, 1000000, clock_timestamp() + interval '9 days', 'a test')`,
    [other.id],
  );
  const [home, noTools] = [aCommandHome(), path.join(aCommandHome(), 'none')];
  mkdirSync(noTools);
  const host = maintained(database.url, { home, backup: kind === 'archive' ? { postgresTools: noTools } : {} });
  const backup = await host.maintain('backup');
  expect(backup).toMatchObject({ migration: until, kind });
  const newer = await migrated(database.url);
  await decideSince(bank, frozen.id, frozen.userId);
  const [before, keptLate] = [await query(database.url, facts), await query(database.url, late)];
  expect(before).toMatchObject([{ problem: null, resets: 1, holds: 1, granted: 0, revived: 0 }]);
  await bank[Symbol.asyncDispose]();
  // a console that stays open through it
  const open = openDatabase({ url: database.url, applicationName: 'a console' });
  await using console = { ...open, [Symbol.asyncDispose]: open.close };
  const presence = presenceOf({ database: console, token: 'nobody', demo: true, seedKey: never, derive: never });
  const lacks = async (): Promise<number | undefined> => (await presence.pulse(false)).lacks;
  expect(await lacks()).toBe(undefined);

  const results: Record<string, unknown>[] = [];
  for (const [work, input] of restoreParts(aRun(), String(backup['name']), name)) results.push(await host.maintain(work, input));
  expect(await query(database.url, facts)).toEqual(before);
  const [, , carried, switched] = results;
  expect(switched).toMatchObject({ waiting: newer });
  expect(host.lines.join('\n')).toContain(`${newer.length} migrations wait (${newer[0]} is the first)`);
  const told = JSON.stringify(carried?.['waits']);
  for (const words of [until < '20261124' ? 'ops.host: 1 rows' : '', until < '20261125090200' ? 'ops.cleanup_policy: ' : ''])
    expect(told).toContain(words);

  // a console that was open says why it shows nothing, a console of today does not open it, and says why
  await vi.waitFor(async () => expect(await lacks()).toBe(newer.length), { timeout: 60_000 });
  const bursar = aCommand({ url: database.url, home });
  expect(await doctor(bursar)).toEqual([expect.stringContaining(`${newer.length} pending`)]);
  const refused = await bursar('accounts', 'list');
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^bursar: this database lacks \d+ of \d+ migrations: .*\n$/) as string,
  });

  const applied = await host.maintain('migrations', { what: 'apply' });
  expect(applied).toMatchObject({ newlyApplied: newer, pending: [] });
  expect(await lacks()).toBe(undefined);
  expect(await query(database.url, facts)).toEqual(before);
  expect(await query(database.url, late)).toEqual(keptLate);
  expect(await host.maintain('migrations', { what: 'apply' })).toEqual({ applied: applied['applied'], newlyApplied: [], pending: [] });
  expect(await doctor(bursar)).toEqual([]);

  // and the bank works: a posting, a freeze, the log of both
  await using again = { ...bank, db: await bank.connect(), [Symbol.asyncDispose]: async () => undefined };
  expect(await post(again.db, { type: 'deposit', to: other.id, amount: 100 })).toMatchObject({ code: null });
  expect(await post(again.db, { type: 'deposit', to: frozen.id, amount: 100 })).toMatchObject({ code: expect.any(String) as string });
  await toStatus(again.db, bank.one, other.id, 'frozen');
  expect(await query(database.url, 'SELECT problem FROM ops.verify_audit()')).toEqual([{ problem: null }]);
  expect(await query(database.url, `SELECT conrelid::regclass::text FROM pg_constraint WHERE NOT convalidated`)).toEqual([]);
  await again.db.end();
  report(`a backup of ${until} restored into a newer bank`, {
    'migrations afterwards': newer.length,
    'tables that waited': (applied['caughtUp'] as string[] | undefined)?.length ?? 0,
  });
  await dropAll(
    database.url,
    (await host.databases()).filter(one => one !== name),
  );
});

test.each(inFullOnly)('the way back from an older schema that nobody migrated keeps what only the newer one knows', async () => {
  await using database = await aDatabase('blank');
  const name = new URL(database.url).pathname.slice(1);
  await migrated(database.url, '20261122190000_rights');
  const bank = await aBankOn(database.url);
  const frozen = await bank.account({ balance: 4_711 });
  const host = maintained(database.url, { home: aCommandHome() });
  const { name: backup } = await host.maintain('backup');
  await migrated(database.url);
  await decideSince(bank, frozen.id, frozen.userId);
  await bank[Symbol.asyncDispose]();
  const [before, kept] = [await query(database.url, facts), await query(database.url, late)];
  let last: Record<string, unknown> = {};
  for (const [work, input] of restoreParts(aRun(), String(backup), name)) last = await host.maintain(work, input);
  const { old } = last;
  const run = aRun();
  await host.maintain('restore-back', { run, database: name, old });
  for (const work of ['restore-carry', 'restore-switch']) await host.maintain(work, { run });
  expect(await query(database.url, facts)).toEqual(before);
  expect(await query(database.url, late)).toEqual(kept);
  expect(await doctor(aCommand({ url: database.url, home: host.home }))).toEqual([]);
  await dropAll(
    database.url,
    (await host.databases()).filter(one => one !== name),
  );
});

test('a backup of a newer schema than the program is refused before anything is touched', async () => {
  await using database = await aDatabase('empty');
  const folder = path.join(aCommandHome(), 'migrations');
  cpSync(migrations, folder, { recursive: true });
  mkdirSync(path.join(folder, '20991231000000_later'));
  writeFileSync(path.join(folder, '20991231000000_later', 'migration.sql'), 'CREATE TABLE ops.later (id bigint PRIMARY KEY);');
  await migrated(database.url, undefined, folder);
  const host = maintained(database.url, { home: aCommandHome() });
  const { name } = await host.maintain('backup');
  const run = aRun();
  await expect(host.maintain('restore-prepare', { run, backup: name, database: new URL(database.url).pathname.slice(1) })).rejects.toThrow(
    `${String(name)} was taken after 20991231000000_later, which this Bursar does not know: update it; nothing was begun`,
  );
  await expect(host.maintain('drill')).rejects.toThrow('which this Bursar does not know');
  expect(await host.databases()).toHaveLength(1);
});
