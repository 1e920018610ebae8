import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aBankOn, act, type Bank } from '../../support/acting.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { maintained } from '../../support/maintained.ts';
import { query } from '../../support/query.ts';
import { full, report } from '../../support/reliability.ts';
import { aRun, dropAll, restoreParts } from '../../support/restoring.ts';

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

  test('that finds no room on the disk half-way leaves the live bank as it was, and no half-filled database', async () => {
    // pg_restore as it is, on a disk that is full after a while: its words are those that Postgres has for it
    const tools = path.join(aCommandHome(), 'tools');
    mkdirSync(tools);
    for (const tool of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
      const script =
        tool === 'pg_restore'
          ? `case "$*" in */dev/null*|--version) exec /usr/lib/postgresql/15/bin/pg_restore "$@";; esac\n/usr/lib/postgresql/15/bin/pg_restore --section=pre-data "$@"\necho 'pg_restore: error: could not extend file: No space left on device' >&2\nexit 1`
          : `exec /usr/lib/postgresql/15/bin/${tool} "$@"`;
      writeFileSync(path.join(tools, tool), `#!/bin/sh\n${script}\n`);
      chmodSync(path.join(tools, tool), 0o755);
    }
    const cramped = maintained(database.url, { home, backup: { postgresTools: tools } });
    const run = aRun();
    await cramped.maintain('restore-prepare', { run, backup, database: name });
    await expect(cramped.maintain('restore-fill', { run })).rejects.toThrow('No space left on device');
    expect(await host().databases()).toEqual([name]);
    expect((await host().maintain('verify-backup', { name: backup }))['verified']).toBe(true);
    await expect(host().maintain('restore-carry', { run })).rejects.toThrow('nothing was loaded');
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
    const told = await Promise.all(keys.map((key, index) => post(key, index)));
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
