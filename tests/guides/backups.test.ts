import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { newestBackup } from '../../src/resources/backups/queries.ts';
import { openDatabase } from '../../src/database/client.ts';
import { aKeyFile } from '../support/backups.ts';
import { aCommand, aCommandHome, type Answer } from '../support/command.ts';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { aMaintainedHost, type MaintainedHost } from '../support/maintained-host.ts';
import { filesBelow } from '../support/sealed-files.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';

// each look at a run is a shell on the host, and a busy machine takes a second for one
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

describe.skipIf(whyNoSshServer !== undefined)('backups on the host of the database', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let media: string;
  beforeAll(async () => {
    const etc = aCommandHome();
    media = aCommandHome();
    writeFileSync(path.join(media, 'ada.png'), 'a picture');
    writeFileSync(path.join(etc, 'bank.conf'), 'workers=4');
    bank = await aGuideBank();
    host = await aMaintainedHost({
      url: bank.url,
      config: { platform: { media: [media], files: [path.join(etc, 'bank.conf')] }, backup: { keyFile: aKeyFile() } },
    });
    await host.join(bank);
  });
  afterAll(async () => {
    await bank[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  const bursar = (...args: string[]): Promise<Answer> => aCommand({ url: bank.url, home: host.consoleHome })(...args);
  const folder = (sort: string): string => path.join(host.bursarHome, 'backups', sort);
  /** Asks for a run headless and follows it to its end. */
  const run = async (...args: string[]): Promise<Answer & { readonly log: string; readonly number: string }> => {
    const asked = await bursar('backups', ...args, '--note', 'as the guide says', '--yes');
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    const [, number = ''] = /run (\d+)/.exec(asked.stdout) ?? [];
    const followed = await bursar('runs', 'follow', number);
    return {
      ...followed,
      number,
      log: await bank.value('SELECT s.tail FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1', [number]),
    };
  };
  const newest = async (): Promise<string> => readdirSync(folder('database')).toSorted().at(-1) ?? '';

  test('D31 a backup of the database is asked for by keys: dated, whole, kept 30 days, its completion in a log', async () => {
    await using console = await bank.screen('backups');
    await console.sees('Nothing is here yet');
    await console.press('x', 'b');
    await console.fill({ host: 'db1', note: 'before the update of tonight' });
    await console.sees('is written out as of one moment', 'never the newest seven', 'bursar maintain backup --run');
    await console.confirm();
    await console.sees('[ok] queued run 1');
    expect(await bursar('runs', 'follow', '1')).toMatchObject({ code: 0, stdout: 'run 1 succeeded\n' });

    const name = await newest();
    expect(name).toMatch(/^\d{8}T\d{6}Z-/);
    expect(readdirSync(path.join(folder('database'), name))).toContain('manifest');
    await goTo(console, 'backups');
    await console.sees('verified', 'database', 'db1');
    await console.press('d');
    await console.sees('Encrypted', 'Last 30 days', 'Manifest');
    const log = await bank.value('SELECT s.tail FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = 1');
    expect(log).toMatch(new RegExp(`100 % ${name} is whole\\nresult \\{`));
    const transactions = await bank.value('SELECT count(*) FROM bank.transaction');
    expect(await bank.value(`SELECT manifest -> 'rows' ->> 'bank.transaction' FROM ops.backup WHERE name = $1`, [name])).toBe(transactions);
    expect((await bank.rows('SELECT status, run_id IS NOT NULL AS ran FROM ops.backup')).map(row => ({ ...row }))).toEqual([
      { status: 'verified', ran: true },
    ]);
  });

  test('P10 a manual backup says whether it succeeded, where it lies and what it says of itself; backups are listed as they lie there', async () => {
    const { code, stdout, log } = await run('backup', '--host', 'db1');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('succeeded') as string });
    const name = await newest();
    expect(log).toContain(`"path":"${path.join(folder('database'), name)}"`);
    const listed = JSON.parse((await bursar('backups', 'list', '--json')).stdout) as {
      rows?: readonly Record<string, string>[];
    } & readonly Record<string, string>[];
    expect(JSON.stringify(listed)).toContain(name);

    // Somebody cleared up by hand; what really lies there counts
    rmSync(path.join(folder('database'), name), { recursive: true });
    expect((await run('list-backups', '--host', 'db1')).code).toBe(0);
    expect(await bank.value('SELECT status FROM ops.backup WHERE name = $1', [name])).toBe('expired');
    expect(await bank.value(`SELECT count(*) FROM ops.backup WHERE status = 'verified' AND sort = 'database'`)).toBe('1');
  });

  const copies = (): readonly string[] => readdirSync(folder('files')).filter(name => /^\d{8}T/.test(name)).toSorted(); // prettier-ignore

  test('D32 media have dated backups of their own that last seven days, follow no link, hold each content once, sealed, and come back', async () => {
    expect((await run('backup-files', '--host', 'db1')).code).toBe(0);
    const again = await run('backup-files', '--host', 'db1');
    expect(again.log).toContain('1 files, 9 octets, 1 unchanged, 0 skipped');
    expect(copies()).toHaveLength(2);
    const [object = '', ...others] = filesBelow(folder('files')).filter(file => file.includes('.objects-'));
    expect([others, readFileSync(object).includes('a picture')]).toEqual([[], false]);
    const [name = ''] = copies();
    const asked = await bursar('backups', 'restore-files', name, '--host', 'db1', '--folder', media, '--note', 'as the guide says', '--yes', '--confirm', 'files on db1'); // prettier-ignore
    expect(asked.stderr).toContain('approval.decide');
    rmSync(path.join(media, 'ada.png'));
    expect(
      await aCommand({ url: bank.url, home: host.bursarHome })('maintain', 'restore-files', '--name', name, '--folder', media),
    ).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(media, 'ada.png'), 'utf8')).toBe('a picture');
  });

  test('H23 configuration and certificates are in the backup of files, sealed', async () => {
    const [name = ''] = copies();
    const tar = readFileSync(path.join(folder('files'), name, 'files.tar'));
    expect(tar.includes('workers=4')).toBe(false);
    expect(tar.subarray(0, 7).toString()).toBe('BURSAR1');
    expect(await bank.value(`SELECT status FROM ops.backup WHERE sort = 'files' AND name = $1`, [name])).toBe('verified');
  });

  test('A30 a dump is read whole before anybody relies on it, and one that is damaged is told on screen', async () => {
    const name = await newest();
    const file = path.join(folder('database'), name, 'database.dump');
    const files = readdirSync(path.join(folder('database'), name));
    const damaged = files.includes('database.dump') ? file : path.join(folder('database'), name, 'bank.account.copy.gz');
    const right = readFileSync(damaged);
    truncateSync(damaged, right.length - 1);
    const told = await run('verify-backup', name);
    expect(told.code).toBe(1);
    await using console = await bank.screen('backups');
    await goTo(console, `backups name=${name}`);
    await console.sees('corrupt');
    await console.press('d');
    await console.sees('Fault', 'database');
    writeFileSync(damaged, right);
    expect((await run('verify-backup', name)).log).toContain(`100 % ${name} is what was written`);
    expect(await bank.value('SELECT status FROM ops.backup WHERE name = $1', [name])).toBe('verified');
  });

  test('D35 the review of the week sees the newest backup, how large it is against the one before, and pins what has to stay', async () => {
    const name = await newest();
    await using console = await bank.screen('backups');
    await goTo(console, `backups name=${name}`);
    await console.press('x', 'p');
    await console.fill({ note: 'the audit of this year wants it' });
    await console.sees('stays however old it becomes');
    await console.confirm();
    await console.sees(/\[ok\] queued run \d+/);
    const number = await bank.value('SELECT max(number) FROM ops.run');
    expect((await bursar('runs', 'follow', number)).code).toBe(0);
    await goTo(console, `backups name=${name}`);
    await console.sees('pinned');
    expect(readdirSync(path.join(folder('database'), name))).toContain('pinned');

    const database = openDatabase({ url: bank.url, applicationName: 'bursar test' });
    onTestFinished(database.close);
    expect(await newestBackup(database.reads)).toMatchObject({ alarm: 'fine', name, host: 'db1' });
    await bank.rows(
      `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)) UPDATE ops.backup b SET taken_at = b.taken_at - interval '27 hours' FROM off WHERE b.name = $1`,
      [name],
    );
    expect(await newestBackup(database.reads)).toMatchObject({ alarm: 'old' });
    await goTo(console, `backups name=${name}`);
    await console.sees('old', '27 h');
  });
});
