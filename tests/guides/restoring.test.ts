import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aCommand, aCommandHome, type Answer } from '../support/command.ts';
import { aGuideBank, type GuideBank } from '../support/guide-bank.ts';
import { maintained } from '../support/maintained.ts';
import { aMaintainedHost, writeProgram, type MaintainedHost } from '../support/maintained-host.ts';
import { report } from '../support/reliability.ts';
import { dropAll } from '../support/restoring.ts';
import { whyNoSshServer } from '../support/ssh-server.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const note = 'a guide is followed';

describe.skipIf(whyNoSshServer !== undefined)('restoring', () => {
  let bank: GuideBank;
  let host: MaintainedHost;
  let health: Server;
  let database: string;
  const folder = aCommandHome();
  const maintenanceFile = path.join(folder, 'maintenance.json');
  const recorded = path.join(folder, 'recorded');
  beforeAll(async () => {
    bank = await aGuideBank();
    database = new URL(bank.url).pathname.slice(1);
    health = createServer((_request, response) => response.end('well')).listen(0, '127.0.0.1');
    await once(health, 'listening');
    const { port } = health.address() as AddressInfo;
    host = await aMaintainedHost({
      url: bank.url,
      config: { platform: { service: 'bank', maintenanceFile, health: `http://127.0.0.1:${port}/health` } },
    });
    writeProgram(host.programs, 'systemctl', `echo "$@" $(test -e '${maintenanceFile}' && echo while closed) >> '${recorded}'`);
    await host.join(bank);
  });
  afterAll(async () => {
    health.close();
    await dropAll(bank.url, await maintained(bank.url, { home: host.bursarHome }).databases());
    await host[Symbol.asyncDispose]();
  });

  const bursar = (...args: string[]): Promise<Answer> =>
    aCommand({ url: bank.url, home: host.consoleHome, environment: { BURSAR_REASON: note } })(...args);
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await bursar(...args);
    expect(`${code} ${code === 0 ? '' : stderr + stdout}`).toBe('0 ');
    return stdout;
  };
  const followed = async (said: string): Promise<string> => {
    const number = /run (\d+)/.exec(said)?.[1] ?? '';
    const { code, stdout, stderr } = await bursar('runs', 'follow', number);
    const steps = await bank.rows(
      'SELECT s.title, s.status, s.tail FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1 ORDER BY s.position',
      [number],
    );
    expect(`${code}`, `${stdout}${stderr}${JSON.stringify(steps, null, 1)}`).toBe('0');
    return number;
  };
  const resultsOf = async (run: string) =>
    (
      await bank.rows('SELECT s.result FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1 ORDER BY s.position', [
        run,
      ])
    ).map(row => row['result'] as Record<string, unknown>);
  /** One asks, a manager approves, and the run is followed to its end. */
  const byTwo = async (...args: string[]): Promise<string> => {
    const asked = await bursar(...args);
    expect(`${asked.code} ${asked.code === 4 ? '' : asked.stderr + asked.stdout}`).toBe('4 ');
    const request = /request (\d+)/.exec(asked.stderr)?.[1] ?? '';
    return followed(await done('--as', 'manager', 'inbox', 'approve', request, '--note', 'looked at the loss as well', '--yes'));
  };

  test('D33, H24, P11 a restore: by two people, beside the live bank, service stopped and started, with the freezes of after the backup in force', async () => {
    await followed(await done('backups', 'backup', '--host', 'db1', '--note', note, '--yes'));
    const backup = await bank.value(`SELECT name FROM ops.backup WHERE status = 'verified' ORDER BY id DESC LIMIT 1`);
    const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`);
    await done('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'seen after the backup', '--yes');
    const [before] = await bank.rows('SELECT count(*)::int AS n FROM bank.transaction');
    await bank.post({
      type: 'deposit',
      to: await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id DESC LIMIT 1`),
      amount: 4_711,
    });
    await bank.rows(`ALTER DATABASE ${database} SET bursar.test TO 'kept'`);

    const wish = ['backups', 'restore', backup, '--database', database, '--note', note];
    const preview = (await bursar(...wish, '--dry-run')).stdout;
    expect(preview).toMatch(/lost: 1 transactions of EUR\s47\.11, 0 accounts and 0 users/);
    expect(preview).toContain('freezes since then (1)');
    expect(preview).toContain('no drill was ever made');
    expect(
      (await bursar('backups', 'restore', backup, '--database', 'other', '--note', note, '--yes', '--confirm', backup)).stderr,
    ).toContain(`works on the database ${database}`);

    // Host, database and environment, as the dry run says
    const { confirm } = JSON.parse((await bursar(...wish, '--dry-run', '--json')).stdout) as { confirm: string };
    expect(confirm).toMatch(new RegExp(`^db1 ${database} .+`));
    expect((await bursar(...wish, '--yes', '--confirm', backup)).stderr).toContain(`write --confirm '${confirm}'`);
    const run = await byTwo(...wish, '--yes', '--confirm', confirm);
    expect(await bank.value('SELECT status::text FROM bank.account WHERE number = $1', [number])).toBe('frozen');
    expect(await bank.rows('SELECT count(*)::int AS n FROM bank.transaction')).toEqual([before]);
    expect(readFileSync(recorded, 'utf8')).toBe('stop -- bank while closed\nstart -- bank while closed\n');
    expect(existsSync(maintenanceFile)).toBe(false);
    expect(await bank.value(`SHOW bursar.test`)).toBe('kept');
    // What it took of the bank before is a backup like any other, and known at once
    const kept = await bank.rows(
      `SELECT b.status, b.octets::int AS octets, r.number::text AS run FROM ops.backup b LEFT JOIN ops.run r ON r.id = b.run_id WHERE b.name ~ 'Z-safety-'`,
    );
    expect(kept).toEqual([{ status: 'verified', octets: expect.any(Number) as number, run }]);
    const [, loaded, carried, switched] = await resultsOf(run);
    expect(loaded).toMatchObject({ backup });
    expect(carried).toMatchObject({ lost: { transactions: 1 } });
    report('a restore of the demo bank', {
      'ms for both renames': Number(switched?.['renamed']),
      'ms without connections': Number(switched?.['refused']),
    });
    expect(await bank.value('SELECT problem IS NULL FROM ops.verify_audit()')).toBe('true');
    expect((await bank.trail('run', run)).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['runbooks.restore', 'success'],
      ['runs.finish', 'success'],
    ]);
    // what was replaced is kept, and may not go yet
    const old = String(switched?.['old']);
    expect(await bursar('runs', 'list', '--json')).toMatchObject({ code: 0 });
    const asked = await bursar(
      'backups',
      'drop-old-database',
      '--host',
      'db1',
      '--old',
      old,
      '--note',
      note,
      '--yes',
      '--confirm',
      `db1 ${old} ${confirm.split(' ').slice(2).join(' ')}`,
    );
    expect(asked.code).toBe(4);
  });

  test('P11, D33 a drill restores the newest backup beside the live bank, checks it and drops it', async () => {
    const run = await followed(await done('backups', 'drill', '--host', 'db1', '--note', note, '--yes'));
    const [result] = await resultsOf(run);
    expect(await bank.rows('SELECT backup, succeeded, transactions::text, finding FROM ops.drill')).toEqual([
      { backup: result?.['backup'], succeeded: true, transactions: String(result?.['transactions']), finding: null },
    ]);
    expect(await bank.rows(`SELECT FROM pg_database WHERE datname LIKE '%_drill'`)).toEqual([]);
  });
});
