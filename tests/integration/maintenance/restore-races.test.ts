import { randomUUID } from 'node:crypto';
import { chmodSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDirect } from '../../../src/database/direct.ts';
import { openLocalServer } from '../../../src/database/local-server.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { applyRights } from '../../../src/database/rights.ts';
import { aBankOn, act, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, inParallel, report } from '../../support/reliability.ts';
import { aRun, dropAll, journalOf, restoreParts } from '../../support/restoring.ts';
import { smallDisk } from '../../support/small-disk.ts';

const migrations = path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations');

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 300_000 });

describe('a restore', () => {
  let database: TestDatabase;
  let bank: Bank;
  let name: string;
  let backup: string;
  const home = aCommandHome();
  const host = () => maintained(database.url, { home });
  const rows = (sql: string, values: unknown[] = []) => query(database.url, sql, values);
  const accounts: string[] = [];
  const users: string[] = [];
  const keys = Array.from({ length: full ? 1_000 : 20 }, () => randomUUID());
  const decisions = full ? 100 : 6;

  const freeze = (id: string): Promise<unknown> =>
    act(bank.db, bank.one, 'accounts.freeze', db =>
      db.query(
        `SELECT ops.place_hold(id, version, 'compliance', 'seen after the backup', current_date + 7, false) FROM bank.account WHERE id = $1`,
        [id],
      ),
    );
  const setUser = (action: string, call: string, id: string): Promise<unknown> =>
    act(bank.db, bank.one, action, db => db.query(`SELECT ${call} FROM bank."user" WHERE id = $1`, [id]));
  const post = (key: string, index: number) =>
    rows(`SELECT (p).* FROM (SELECT bank.post_transaction($1, 'deposit', NULL, $2::bigint, 100, 'EUR', 'branch') AS p) posted`, [
      key,
      accounts[index % 2 === 0 ? 0 : 1],
    ]);

  beforeAll(async () => {
    database = await aDatabase('empty');
    name = new URL(database.url).pathname.slice(1);
    bank = await aBankOn(database.url);
    for (let index = 0; index < decisions + 2; index++) accounts.push((await bank.account({ status: 'active', balance: 1_000 })).id);
    await bank.behindItsBack(
      `INSERT INTO bank."user" (username, email, first_name, last_name, role, status, password_hash)
       SELECT 'person' || n, 'person' || n || '@example.com', 'A', 'Person', 'customer', 'active', 'then' FROM generate_series(1, $1::int) n`,
      [decisions * 2],
    );
    users.push(...(await rows(`SELECT id::text FROM bank."user" WHERE username LIKE 'person%' ORDER BY id`)).map(row => String(row['id'])));
    backup = String((await host().maintain('backup'))['name']);
  });
  afterAll(async () => {
    await dropAll(database.url, await host().databases());
  });

  test('two at once: exactly one begins, whatever happens', async () => {
    const races = full ? 100 : 1;
    let begun = 0;
    for (let race = 0; race < races; race++) {
      const runs = [aRun(), aRun()];
      const tried = await Promise.allSettled(runs.map(run => host().maintain('restore-prepare', { run, backup, database: name })));
      const winners = runs.filter((_run, index) => tried[index]?.status === 'fulfilled');
      begun += winners.length;
      for (const run of winners) await host().maintain('restore-resume', { run });
    }
    report(`${races} races of two restores`, { 'begun in all': begun });
    expect(begun).toBe(races);
  });

  test('to before freezes, locks and deactivations loses none of them; repeats of lost postings are told so', async () => {
    for (let index = 0; index < decisions; index++) {
      await freeze(accounts[index + 2] ?? '');
      await setUser('users.lock', 'bank.set_user_locked(id, true, version)', users[index] ?? '');
      await setUser('users.deactivate', 'bank.set_user_active(id, false, version)', users[decisions + index] ?? '');
    }
    for (const [index, key] of keys.entries()) await post(key, index);
    const before = await rows(
      `SELECT (SELECT array_agg(id ORDER BY id)::text FROM bank.account WHERE status = 'frozen') AS frozen,
              (SELECT array_agg(id || status::text ORDER BY id)::text FROM bank."user" WHERE status IN ('locked', 'deactivated')) AS kept_out,
              (SELECT seq || encode(hash, 'hex') FROM ops.audit_head) AS head, (SELECT count(*) FROM ops.hold WHERE released_at IS NULL)::int AS holds`,
    );
    const results: Record<string, unknown>[] = [];
    for (const [work, input] of restoreParts(aRun(), backup, name)) results.push(await host().maintain(work, input));
    const after = await rows(
      `SELECT (SELECT array_agg(id ORDER BY id)::text FROM bank.account WHERE status = 'frozen') AS frozen,
              (SELECT array_agg(id || status::text ORDER BY id)::text FROM bank."user" WHERE status IN ('locked', 'deactivated')) AS kept_out,
              (SELECT seq || encode(hash, 'hex') FROM ops.audit_head) AS head, (SELECT count(*) FROM ops.hold WHERE released_at IS NULL)::int AS holds`,
    );
    expect(after).toEqual(before);
    const told: Awaited<ReturnType<typeof post>>[] = [];
    await inParallel(
      [1, 2, 3, 4, 5, 6, 7, 8],
      [...keys.entries()],
      async (_worker, [index, key]) => void told.push(await post(key, index)),
    );
    expect(told).toHaveLength(keys.length);
    expect(told.every(([answer]) => answer?.['code'] === 'lost-in-restore' && answer['transaction_id'] === null)).toBe(true);
    // a new posting gets a number that no lost one had
    const [fresh] = await post(randomUUID(), 0);
    const [refused] = await rows('SELECT max(-id)::text AS newest FROM bank.posting_refusal WHERE id < 0');
    expect(BigInt(String(fresh?.['transaction_id']))).toBeGreaterThan(BigInt(String(refused?.['newest'])));
    report('a restore to before decisions', {
      'freezes, locks and deactivations': decisions * 3,
      lost: 0,
      'postings whose keys say lost': keys.length,
      'ms without connections': Number(results.at(-1)?.['refused']),
      'ms for both renames': Number(results.at(-1)?.['renamed']),
    });
  });
});

const megabyte = 1_048_576;

/** A server of its own whose files lie there. */
const onDisk = async (disk: string, settings: Readonly<Record<string, string>>): Promise<{ readonly url: string } & AsyncDisposable> => {
  const server = await openLocalServer({ home: path.join(disk, 'home'), settings });
  return { url: server.url, [Symbol.asyncDispose]: server.stop };
};

test.each(full ? [300] : [])(
  'a disk of %s MB that the server fills up while a bank is loaded: the live one is as it was and can be written, no half-filled one is left',
  async megabytes => {
    const disk = smallDisk(megabytes);
    // The disk of this machine is not filled for a test
    if (disk === undefined) return;
    // what is loaded into new tables is not written into the log as well: then the table is what does not fit, and not the log
    const settings = {
      fsync: 'off',
      full_page_writes: 'off',
      autovacuum: 'off',
      wal_level: 'minimal',
      max_wal_senders: '0',
      max_wal_size: '32MB',
      min_wal_size: '32MB',
    };
    await using server = await onDisk(disk, settings);
    const { url } = server;
    const name = new URL(url).pathname.slice(1);
    const owner = await openDirect(url, { applicationName: 'tests', statementTimeoutMs: 0 }, () => undefined);
    await migrate(owner, migrations);
    await applyRights(owner);
    // random octets, which no dump makes smaller
    await owner.query('CREATE TABLE bank.junk AS SELECT public.gen_random_bytes(1000) AS junk FROM generate_series(1, 40000)');
    await owner.end();
    await using bank = await aBankOn(url);
    const { id } = await bank.account({ status: 'active', balance: 4_711 });
    const host = maintained(url, { home: aCommandHome() });
    const backup = String((await host.maintain('backup'))['name']);
    const run = aRun();
    const [prepare, fill] = restoreParts(run, backup, name);
    await host.maintain(...(prepare ?? ['', {}]));
    const { bavail, bsize } = statfsSync(disk);
    const eaten = path.join(disk, 'eaten');
    writeFileSync(eaten, Buffer.alloc(bavail * bsize - 48 * megabyte));
    chmodSync(eaten, 0o644);

    await expect(host.maintain(...(fill ?? ['', {}]))).rejects.toThrow(/No space left on device|could not extend file/);
    expect(await host.databases()).toEqual([name]);
    expect(journalOf(host.home, run)).toContain('"state":"rolled back"');
    await bank.account({ status: 'active', balance: 815 });
    const [row] = await query(
      url,
      'SELECT problem, (SELECT balance::text FROM bank.account WHERE id = $1) AS balance FROM ops.verify_audit()',
      [id],
    );
    expect(row).toEqual({ problem: null, balance: '4711' });
    expect((await host.maintain('verify-backup', { name: backup }))['verified']).toBe(true);
    await expect(host.maintain('restore-carry', { run })).rejects.toThrow('nothing was loaded');
    report('a restore on a disk that is full', { 'MB of the disk': megabytes, 'half-filled databases left': 0 });
    rmSync(eaten);
  },
);
