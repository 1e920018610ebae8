import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { takeBackup } from '../../../src/maintenance/backup.ts';
import { lookAround, openVault } from '../../../src/maintenance/vault.ts';
import { aKeyFile, plantBackup, manifestOf, readWhole, whyNoTools, withoutTools } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { aWorkContext } from '../../support/work-context.ts';
import { program } from '../../support/program.ts';

vi.setConfig({ testTimeout: full ? 1_800_000 : 120_000, hookTimeout: 180_000 });

let bank: TestDatabase;
beforeAll(async () => {
  bank = await aDatabase('empty');
});
afterAll(() => bank.drop());

/** Numbers that look drawn; the same seed gives the same ones (Park and Miller). */
const draws = (start: number) => {
  let state = start;
  return (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
};

const damages = full ? 1_000 : 60;

const ways = [
  { way: 'pg_dump', tools: () => ({}), sealed: true },
  { way: 'COPY', tools: () => ({ postgresTools: withoutTools() }), sealed: false },
] as const;

describe.each(ways)('a backup by $way', ({ way, tools, sealed }) => {
  test.skipIf(way === 'pg_dump' && whyNoTools !== undefined)(
    `that is damaged is refused before anybody relies on it, ${damages / 2} times`,
    async () => {
      const context = aWorkContext({ url: bank.url, backup: { ...tools(), ...(sealed ? { keyFile: aKeyFile() } : {}) } });
      const { name, path: folder } = await takeBackup('one', context);
      await readWhole(context, name);
      const draw = draws(seed);
      const files = readdirSync(folder).filter(file => file !== 'checked');
      const accepted: string[] = [];
      for (let turn = 0; turn < damages / 2; turn++) {
        const file = path.join(folder, files[draw(files.length)] ?? '');
        const right = readFileSync(file);
        const at = draw(right.length);
        const what = turn % 3 === 0 ? 'cut off' : 'flipped';
        if (what === 'cut off') truncateSync(file, at);
        else {
          const wrong = Buffer.from(right);
          wrong.writeUInt8(wrong.readUInt8(at) ^ (1 << draw(8)), at);
          writeFileSync(file, wrong);
        }
        await readWhole(context, name).then(
          () => accepted.push(`${path.basename(file)} ${what} at ${at}`),
          (error: unknown) => expect(error).toMatchObject({ name: 'WorkRefused' }),
        );
        writeFileSync(file, right);
      }
      expect(accepted).toEqual([]);
      await readWhole(context, name);
      report(`damaged backups by ${way}`, { damages: damages / 2, accepted: accepted.length });
    },
  );
});

/** `bursar maintain backup` as a process of its own. */
const launch = (home: string, run: string, { url = bank.url, limit = 'unlimited' } = {}) => {
  const words = [process.execPath, program, 'maintain', 'backup', '--run', run];
  const { PATH = '' } = process.env;
  const env = { PATH, LANG: 'C.UTF-8', BURSAR_HOME: home, DATABASE_URL: url };
  return spawn('sh', ['-c', 'ulimit -f "$1" && shift && exec "$@"', 'sh', limit, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
};

test('killed while it writes it leaves nothing that is called a backup; begun again under its run it is whole', async () => {
  const home = aCommandHome();
  const context = aWorkContext({ url: bank.url, home });
  const folder = path.join(home, 'backups', 'database');
  const kills = full ? 100 : 2;
  let unfinished = 0;
  for (let kill = 0; kill < kills; kill++) {
    const child = launch(home, 'killed');
    const closed = once(child, 'close');
    // one that is whole before anybody looked is as good a moment
    const hasBegun = (): boolean => existsSync(folder) && readdirSync(folder).includes('.part-killed');
    await vi.waitUntil(() => hasBegun() || child.exitCode !== null, { timeout: 90_000, interval: 5 });
    await pause(kill * (full ? 5 : 40));
    child.kill('SIGKILL');
    await closed;
    const there = readdirSync(folder);
    if (there.includes('.part-killed')) unfinished++;
    expect(await lookAround(await openVault(context, 'database'))).toHaveLength(there.filter(name => !name.startsWith('.')).length);
    for (const name of there.filter(one => !one.startsWith('.'))) {
      await readWhole(context, name);
      rmSync(path.join(folder, name), { recursive: true });
    }
  }
  const child = launch(home, 'killed');
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  await readWhole(context, name);
  report('backups killed with -9', { kills, 'left unfinished': unfinished, 'called a backup': 0 });
});

/** A disk of its own that is small, where this account may make one. */
const smallDisk = (megabytes: number): string | undefined => {
  const place = path.join(aCommandHome(), 'disk');
  mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place], { stdio: 'ignore' });
  } catch {
    return undefined; // not root, or in a container without that right
  }
  onTestFinished(() => void execFileSync('umount', ['-l', place]));
  return place;
};

test('a disk that fills up while it is written: it is told, no part of it is called a backup, and the old ones stay', async () => {
  await using large = await aDatabase('empty');
  // Random octets, which no dump makes smaller
  await query(large.url, 'CREATE TABLE bank.junk AS SELECT public.gen_random_bytes(1000) AS junk FROM generate_series(1, 8000)');
  const [disk, home] = [smallDisk(48), aCommandHome()];
  const settings = { folder: disk ?? path.join(home, 'disk'), keepAtLeast: 1, databaseDays: 1 };
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ backup: settings }));
  const context = aWorkContext({ url: large.url, home, backup: settings });
  const folder = path.join(settings.folder, 'database');
  const { name } = await takeBackup('first', context);
  const manifest = await manifestOf(context, name);
  // The newest one was small, so that the disk seems to have room enough
  const [old] = [await plantBackup(context, manifest, 60, folder), await plantBackup(context, manifest, -0.001, folder)];
  const before = readdirSync(folder).toSorted();
  const eaten = path.join(settings.folder, 'eaten');
  writeFileSync(eaten, Buffer.alloc(disk === undefined ? 1 : 48 * 1_048_576 - manifest.octets - 6_000_000));

  // Without a disk of its own: no file may be larger than a megabyte
  const child = launch(home, 'full', { url: large.url, ...(disk === undefined ? { limit: '1000' } : {}) });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).not.toBe(0);
  expect(said).not.toContain('result {');
  expect(
    readdirSync(folder)
      .filter(one => !one.startsWith('.'))
      .toSorted(),
  ).toEqual(before);
  await readWhole(context, name);
  report('a disk that fills up', {
    by: disk === undefined ? 'ulimit' : 'a disk of 48 MB',
    'called a backup': 0,
    'old ones left': before.length,
  });

  rmSync(eaten);
  expect((await takeBackup('after', context)).expired).toContain(old);
  expect(readdirSync(folder).filter(one => one.startsWith('.'))).toEqual([]);
});

test('with less than a tenth of the disk free, or less than it needs, nothing is begun and nothing removed', async () => {
  const disk = smallDisk(16);
  // The disk of this machine is not filled for a test
  if (disk === undefined) return;
  const context = aWorkContext({ url: bank.url, backup: { folder: disk } });
  writeFileSync(path.join(disk, 'eaten'), Buffer.alloc(15_000_000));
  await expect(takeBackup('none', context)).rejects.toThrow(/free and a backup (needs|begins)/);
  expect(readdirSync(path.join(disk, 'database'))).toEqual([]);
});
