import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { verifyChain } from '../../../src/database/audit-chain.ts';
import { openDirect } from '../../../src/database/direct.ts';
import { carryForward, settleForeignKeys } from '../../../src/maintenance/carry-forward.ts';
import { checkLoaded } from '../../../src/maintenance/check-loaded.ts';
import { takeDump } from '../../../src/maintenance/dump.ts';
import { loadDump, urlOfDatabase } from '../../../src/maintenance/load.ts';
import { aCommandHome } from '../../support/command.ts';
import { aGuideBank } from '../../support/guide-bank.ts';
import { query } from '../../support/query.ts';

vi.setConfig({ testTimeout: 120_000 });

const migrations = path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations');
const quiet = { signal: new AbortController().signal, progress: () => undefined };

test('what came after a backup and protects is in the restored database: freezes, deactivations, the audit log, the keys of lost postings', async () => {
  await using bank = await aGuideBank();
  const folder = path.join(aCommandHome(), 'backup');
  mkdirSync(folder);
  const dump = await takeDump({ databaseUrl: bank.url, folder, tools: undefined, ...quiet });

  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' AND type = 'current' ORDER BY id LIMIT 1`);
  const [user] = await bank.rows(
    `SELECT id::text, username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`,
  );
  await bank.bursar('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'seen after the backup', '--yes');
  await bank.rows(`UPDATE bank."user" SET last_login_at = clock_timestamp() WHERE id = 1`);
  await bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
     INSERT INTO platform.maintenance (message, from_at, until, asked_by) SELECT 'seen after the backup', now(), now() + interval '1 hour', (SELECT min(id) FROM ops.operator) FROM off`,
  );
  const key = randomUUID();
  const other = await bank.value(`SELECT id::text FROM bank.account WHERE status = 'active' ORDER BY id DESC LIMIT 1`);
  const post = (url: string) =>
    query(url, `SELECT (p).* FROM (SELECT bank.post_transaction($1, 'deposit', NULL, $2::bigint, 4711, 'EUR', 'branch') AS p) posted`, [
      key,
      other,
    ]);
  const [posted] = await post(bank.url);
  expect(posted?.['transaction_id']).not.toBeNull();

  const name = `restore_${randomUUID().slice(0, 8)}`;
  const manifest = {
    ...dump.facts,
    format: 1 as const,
    name: 'x',
    run: 'x',
    kind: dump.kind,
    bursar: 'x',
    tool: dump.tool,
    encrypted: false,
    files: [...dump.files],
    ...(dump.tables ? { tables: dump.tables } : {}),
    octets: 0,
    previousOctets: null,
    seconds: 0,
  };
  const url = await loadDump({
    manifest,
    folder,
    adminUrl: urlOfDatabase(bank.url, 'postgres'),
    name,
    tools: undefined,
    migrations,
    ...quiet,
  });
  expect(await checkLoaded(url, manifest)).toEqual([]);

  const connect = (address: string) => openDirect(address, { applicationName: 'test', statementTimeoutMs: 0 }, () => undefined);
  const [live, scratch] = [await connect(bank.url), await connect(url)];
  const first = await carryForward(live, scratch, { horizon: undefined, migrations });
  expect(await settleForeignKeys(scratch)).toEqual([]);
  await bank.bursar('users', 'lock', String(user?.['username']), '--note', 'seen after the backup', '--yes');
  await carryForward(live, scratch, { horizon: first.horizon, migrations });
  expect(await settleForeignKeys(scratch)).toEqual([]);
  expect(await verifyChain(scratch)).toMatchObject({ broken: undefined });
  await Promise.all([live.end(), scratch.end()]);

  expect(await query(url, 'SELECT status::text FROM bank.account WHERE number = $1', [number])).toEqual([{ status: 'frozen' }]);
  expect(await query(url, 'SELECT status::text FROM bank."user" WHERE id = $1', [user?.['id']])).toEqual([{ status: 'locked' }]);
  expect(await query(url, 'SELECT message FROM platform.maintenance WHERE ended_at IS NULL')).toEqual([
    { message: 'seen after the backup' },
  ]);
  expect(await post(url)).toMatchObject([{ transaction_id: null, code: 'lost-in-restore' }]);
  expect(await query(url, 'SELECT seq, hash FROM ops.audit_head')).toEqual(await bank.rows('SELECT seq, hash FROM ops.audit_head'));
  await query(urlOfDatabase(bank.url, 'postgres'), `DROP DATABASE ${name}`);
});
