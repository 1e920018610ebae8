import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { takeBackup } from '../../../src/maintenance/backup.ts';
import { withPlainFiles } from '../../../src/maintenance/check-backup.ts';
import { checkLoaded } from '../../../src/maintenance/check-loaded.ts';
import { loadDump } from '../../../src/maintenance/load.ts';
import { listBackups } from '../../../src/maintenance/list-backups.ts';
import { pinBackup, unpinBackup, verifyBackup } from '../../../src/maintenance/look-after-backups.ts';
import { findBackup, openVault } from '../../../src/maintenance/vault.ts';
import { aKeyFile, manifestOf, plantBackup, readWhole, whyNoTools, withoutTools } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { report } from '../../support/reliability.ts';
import { aWorkContext, migrations } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

/** Tables, constraints, indexes, triggers, functions, owners and rights, as text. Brackets within an expression may stand otherwise once it was written out and read again. */
const schemaOf = (url: string) =>
  query(
    url,
    `SELECT translate(line, '()', '') AS line FROM (
             SELECT pg_get_constraintdef(oid) || conrelid::regclass || conname AS line FROM pg_constraint WHERE connamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT p.oid::regprocedure || prosrc || proowner::regrole || coalesce(proacl::text, '') FROM pg_proc p WHERE pronamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT relname || relowner::regrole || coalesce(relacl::text, '') FROM pg_class WHERE relkind IN ('r','S') AND relnamespace::regnamespace::text IN ('bank','ops','platform')) x ORDER BY translate(line, '()', '') COLLATE "C"`,
  );

let bank: TestDatabase;
beforeAll(async () => {
  bank = await aDatabase('empty');
});
afterAll(() => bank.drop());

describe('backups of a host', () => {
  test('one is whole, encrypted, copied to the other disk and taken once for a run', async () => {
    const [copyTo, keyFile] = [aCommandHome(), aKeyFile()];
    const context = aWorkContext({ url: bank.url, backup: { copyTo, keyFile } });
    const taken = await takeBackup('run-1', context);
    expect(taken).toMatchObject({ verified: true, copied: true, encrypted: true, expired: [], previousOctets: null, run: 'run-1' });
    expect(path.basename(taken.path)).toMatch(/^\d{8}T\d{6}Z-run-1$/);
    expect(statSync(taken.path).mode & 0o077).toBe(0);

    expect((await takeBackup('run-1', context)).name).toBe(taken.name);
    const folder = path.join(context.home, 'backups', 'database');
    expect(readdirSync(folder)).toEqual([taken.name]);
    expect(readdirSync(path.join(copyTo, 'database'))).toEqual([taken.name]);
    // Neither what a bank's tables are called nor what they hold can be read
    for (const file of readdirSync(taken.path).filter(name => name !== 'manifest'))
      expect(readFileSync(path.join(taken.path, file)).includes('sysop')).toBe(false);
    await readWhole(context, taken.name);
    await expect(
      readWhole(aWorkContext({ url: bank.url, home: context.home, backup: { keyFile: aKeyFile() } }), taken.name),
    ).rejects.toThrow('signed with another key');
  });

  test('two at once: one of them is refused, and what it would have written is not there', async () => {
    const context = aWorkContext({ url: bank.url, backup: { postgresTools: withoutTools() } });
    const [one, other] = await Promise.allSettled([takeBackup('one', context), takeBackup('other', context)]);
    const refused = [one, other].filter(({ status }) => status === 'rejected');
    // On a quick machine the first is whole before the second has lost its patience
    for (const { reason } of refused as readonly PromiseRejectedResult[])
      expect(String(reason)).toContain('another work on the backups of this host is under way');
    const found = readdirSync(path.join(context.home, 'backups', 'database'));
    expect(found).toHaveLength(2 - refused.length);
  });

  test('older ones go once a newer one is whole: never one of the newest seven, nor a pinned one, nor what is none of ours', async () => {
    const context = aWorkContext({ url: bank.url, backup: { postgresTools: withoutTools() } });
    const first = await takeBackup('first', context);
    const like = await manifestOf(context, first.name);
    const folder = path.join(context.home, 'backups', 'database');
    const plant = (days: number) => plantBackup(context, like, days, folder);
    const recent = [await plant(1), await plant(2), await plant(29)];
    const keptByNumber = [await plant(31), await plant(40)];
    const pinned = await plant(50);
    const old = [await plant(60), await plant(400)];
    await pinBackup.run({ name: pinned }, context);

    const elsewhere = aCommandHome();
    writeFileSync(path.join(elsewhere, 'of somebody'), 'x');
    mkdirSync(path.join(folder, '20200101T020000Z-no-manifest'));
    mkdirSync(path.join(folder, 'letters'));
    symlinkSync(elsewhere, path.join(folder, '20200102T020000Z-a-link'));
    const copied = '20200103T020000Z-moved';
    mkdirSync(path.join(folder, copied));
    for (const name of ['manifest', 'database.dump'])
      writeFileSync(path.join(folder, copied, name), readFileSync(path.join(folder, old[0] ?? '', name)));

    const taken = await takeBackup('second', context);
    expect([...taken.expired].toSorted()).toEqual([...old].toSorted());
    const there = [
      first.name,
      taken.name,
      ...recent,
      ...keptByNumber,
      pinned,
      '20200101T020000Z-no-manifest',
      'letters',
      '20200102T020000Z-a-link',
      copied,
    ];
    expect(readdirSync(folder).toSorted()).toEqual(there.toSorted());
    expect(readdirSync(elsewhere)).toEqual(['of somebody']);

    await unpinBackup.run({ name: pinned }, context);
    expect((await takeBackup('third', context)).expired.toSorted()).toEqual(
      [keptByNumber[1], pinned].map(String).toSorted((a, b) => (a < b ? -1 : 1)),
    );
    expect(await listBackups.run({}, context)).toMatchObject({ names: { files: [] } });
    const { backups } = (await listBackups.run({}, context)) as { backups: readonly { name: string; status: string; why?: string }[] };
    expect(backups.filter(({ status }) => status === 'foreign').map(({ name, why }) => [name, why])).toEqual([
      [copied, `the manifest is of ${old[0]}, which is another backup`],
      ['20200102T020000Z-a-link', 'it is no folder of a backup'],
      ['20200101T020000Z-no-manifest', 'it has no manifest'],
    ]);
  });

  test('one that was damaged is told, counts as none, and is not refused once it is right again', async () => {
    const context = aWorkContext({ url: bank.url, backup: { postgresTools: withoutTools() } });
    const { name, path: folder } = await takeBackup('damaged', context);
    const file = path.join(folder, 'bank.currency.copy.gz');
    const right = readFileSync(file);
    const wrong = Buffer.from(right);
    wrong.writeUInt8(wrong.readUInt8(20) ^ 1, 20);
    writeFileSync(file, wrong);
    await expect(verifyBackup.run({ name }, context)).rejects.toMatchObject({
      message: expect.stringContaining('is not what was written') as string,
      result: { name, verified: false },
    });
    expect(((await listBackups.run({}, context)) as { backups: readonly object[] }).backups).toMatchObject([{ name, status: 'corrupt' }]);
    writeFileSync(file, right);
    expect(await verifyBackup.run({ name }, context)).toEqual({ name, verified: true, fault: null, copy: null });
    await expect(verifyBackup.run({ name: '20200101T020000Z-x' }, context)).rejects.toThrow('there is no backup 20200101T020000Z-x');
  });
});

describe.each([
  { way: 'pg_dump', tools: () => undefined },
  { way: 'COPY', tools: withoutTools },
])('under live traffic, by $way', ({ way, tools }) => {
  test.skipIf(way === 'pg_dump' && whyNoTools !== undefined)(
    'what is loaded from a backup is what its manifest says, to the cent',
    async () => {
      await using busy = await aDatabase('demo');
      const over = new AbortController();
      let posted = 0;
      const traffic = async (): Promise<void> => {
        while (!over.signal.aborted) {
          await query(
            busy.url,
            `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, a.id, 1234, a.currency, 'branch')
             FROM bank.account a WHERE a.status = 'active' ORDER BY random() LIMIT 5`,
          );
          posted += 5;
          await pause(5);
        }
      };
      const posting = traffic();
      const context = aWorkContext({
        url: busy.url,
        backup: { ...(tools() === undefined ? {} : { postgresTools: withoutTools() }), keyFile: aKeyFile() },
      });
      await vi.waitFor(() => expect(posted).toBeGreaterThan(20), { timeout: 40_000 });
      const taken = await takeBackup('busy', context).finally(() => over.abort());
      await posting;
      const vault = await openVault(context, 'database');
      const { folder } = await findBackup(vault, taken.name);
      const manifest = await manifestOf(context, taken.name);
      const name = `busy_${way.toLowerCase()}_${Date.now()}`;
      const wishes = {
        adminUrl: busy.url,
        name,
        tools: context.backup.postgresTools,
        migrations,
        signal: context.signal,
        progress: () => undefined,
      };
      try {
        const url = await withPlainFiles({ vault, manifest, folder, signal: context.signal, progress: () => undefined }, plain =>
          loadDump({ ...wishes, manifest, folder: plain }),
        );
        const findings = await checkLoaded(url, manifest);
        expect(findings).toEqual([]);
        expect(await schemaOf(url)).toEqual(await schemaOf(busy.url));
        const others = {
          ...manifest,
          rows: { ...manifest.rows, 'bank.account': 1 },
          balances: { ...manifest.balances, EUR: '1' },
          audit: { ...manifest.audit, seq: '-1' },
        };
        expect(await checkLoaded(url, others)).toEqual(
          ['rows of bank.account', 'balances in EUR', 'audit ends with row'].map(words => expect.stringContaining(words) as string),
        );
        const now = Number((await query(busy.url, 'SELECT count(*) AS n FROM bank.transaction'))[0]?.['n']);
        expect(now).toBeGreaterThanOrEqual(manifest.transactions.count);
        report(`backup under traffic by ${way}`, {
          'transactions in it': manifest.transactions.count,
          'posted meanwhile': posted,
          findings: findings.length,
        });
        expect(readdirSync(vault.folder)).toEqual([taken.name]);
        expect(existsSync(path.join(vault.folder, `.plain-${taken.name}`))).toBe(false);
      } finally {
        await query(busy.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }
    },
  );
});
