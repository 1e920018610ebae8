import { existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { takeBackup, type BackupResult } from '../../../src/maintenance/backup.ts';
import { WorkRefused, type WorkContext } from '../../../src/maintenance/define-work.ts';
import { listBackups } from '../../../src/maintenance/list-backups.ts';
import { pinBackup, unpinBackup, verifyBackup } from '../../../src/maintenance/look-after-backups.ts';
import { drill } from '../../../src/maintenance/restore/drill.ts';
import { newestBackup, withBackup } from '../../../src/maintenance/restore/stored.ts';
import { aKeyFile, manifestOf, plantBackup } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { aWorkContext } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let bank: TestDatabase;
let context: WorkContext;
let taken: BackupResult;
let copy: string;
const said: string[] = [];

beforeAll(async () => {
  bank = await aDatabase('empty');
  const copyTo = aCommandHome();
  const backup = { copyTo, keyFile: aKeyFile() };
  context = aWorkContext({ url: bank.url, backup, onProgress: words => said.push(words) });
  taken = await takeBackup('run-1', context);
  copy = path.join(copyTo, 'database', taken.name);
});
afterAll(() => bank.drop());

const asCopy = (): string => `it is not on this host any more; its copy in ${path.dirname(copy)} is whole`;

/** What the work says of it, in words and as data. */
const verified = (name = taken.name): Promise<{ readonly words: string; readonly result: unknown }> =>
  verifyBackup.run({ name }, context).then(
    result => ({ words: 'whole', result }),
    (error: unknown) => {
      if (!(error instanceof WorkRefused)) throw error;
      return { words: error.message, result: error.result };
    },
  );
const notesOf = (folder: string): { readonly at: string; readonly fault: string | null } =>
  JSON.parse(readFileSync(path.join(folder, 'checked'), 'utf8')) as { at: string; fault: string | null };
const listed = async (): Promise<readonly (readonly unknown[])[]> => {
  const { backups } = (await listBackups.run({}, context)) as { backups: readonly { name: string; status: string; copy: unknown }[] };
  return backups.map(({ name, status, copy: seen }) => [name, status, seen]);
};

test('a backup is read in both places, and each notes when', async () => {
  const before = notesOf(copy).at;
  said.length = 0;
  expect(await verified()).toEqual({
    words: 'whole',
    result: { name: taken.name, verified: true, fault: null, copy: { status: 'verified', fault: null } },
  });
  expect(said.filter(words => words.startsWith('copy: ')).length).toBeGreaterThan(0);
  expect(said.at(-1)).toContain('and so is its copy in ');
  expect(notesOf(copy).at > before).toBe(true);
  expect(await listed()).toEqual([[taken.name, 'verified', 'verified']]);
});

test('one octet that is another one in the copy is told, and so is a copy that is shorter or is not there; the backup itself stays whole', async () => {
  const file = path.join(copy, readdirSync(copy).find(name => /\.(?:dump|copy\.gz)$/.test(name)) ?? '');
  const right = readFileSync(file);
  const wrong = Buffer.from(right);
  wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 1;
  writeFileSync(file, wrong);
  expect(await verified()).toEqual({
    words: expect.stringMatching(/is what was written, but its copy is corrupt: .* is not what was written/) as string,
    result: expect.objectContaining({
      verified: true,
      fault: null,
      copy: expect.objectContaining({ status: 'corrupt' }) as object,
    }) as object,
  });
  expect(notesOf(copy).fault).toContain('is not what was written');
  expect(notesOf(taken.path).fault).toBeNull();
  expect(await listed()).toEqual([[taken.name, 'verified', 'corrupt']]);

  writeFileSync(file, right);
  expect((await verified()).words).toBe('whole');
  truncateSync(file, right.length - 1);
  expect(await listed()).toEqual([[taken.name, 'verified', 'corrupt']]);
  writeFileSync(file, right);

  renameSync(copy, `${copy}.away`);
  expect(await verified()).toMatchObject({
    words: expect.stringContaining('its copy is missing') as string,
    result: { verified: true, copy: { status: 'missing' } },
  });
  expect(await listed()).toEqual([[taken.name, 'verified', 'missing']]);
  // the whole place may be away: nothing is made where a disk should be
  const { copyTo = '' } = context.backup;
  renameSync(copyTo, `${copyTo}.away`);
  expect((await verified()).words).toContain('its copy is missing');
  expect(existsSync(copyTo)).toBe(false);
  renameSync(`${copyTo}.away`, copyTo);
  renameSync(`${copy}.away`, copy);
});

test('where the one here is gone the copy is read, and a drill opens it; nothing of it lies open in the other place', async () => {
  renameSync(taken.path, `${taken.path}.gone`);
  expect(await verified()).toEqual({
    words: `${taken.name} is not on this host any more; its copy is whole`,
    result: { name: taken.name, verified: false, fault: asCopy(), copy: { status: 'verified', fault: null } },
  });
  // what a console takes it for: there, as a copy, and where
  expect(await listBackups.run({}, context)).toMatchObject({
    copies: { database: 'there' },
    names: { database: [taken.name] },
    backups: [{ name: taken.name, status: 'missing', copy: 'verified', why: asCopy() }],
  });
  await pinBackup.run({ name: taken.name }, context);
  expect(readdirSync(copy)).toContain('pinned');
  await unpinBackup.run({ name: taken.name }, context);
  expect(await newestBackup(context)).toBe(taken.name);
  const opened = await withBackup(
    context,
    taken.name,
    async (manifest, folder) => [manifest.name, folder, readdirSync(path.dirname(copy))] as const,
  );
  expect(opened[0]).toBe(taken.name);
  expect(opened[1].startsWith(path.dirname(taken.path))).toBe(true);
  expect(opened[2]).toEqual([taken.name]);
  expect(await drill(context)).toMatchObject({ backup: taken.name });
  renameSync(`${taken.path}.gone`, taken.path);
});

test('where the one here is damaged a restore reads the copy; where both are gone nothing is listed, and the place that is away is told', async () => {
  const file = path.join(taken.path, readdirSync(taken.path).find(name => /\.(?:dump|copy\.gz)$/.test(name)) ?? '');
  const right = readFileSync(file);
  truncateSync(file, right.length - 1);
  const octets = path.basename(file);
  expect(await listBackups.run({}, context)).toMatchObject({
    backups: [{ name: taken.name, status: 'corrupt', copy: 'verified', why: expect.stringMatching(new RegExp(`^${octets} has .*; its copy in .* is whole$`)) as string }],
  }); // prettier-ignore
  expect(await withBackup(context, taken.name, manifest => Promise.resolve(manifest.name))).toBe(taken.name);
  writeFileSync(file, right);

  const { copyTo = '' } = context.backup;
  renameSync(copyTo, `${copyTo}.away`);
  renameSync(taken.path, `${taken.path}.gone`);
  expect(await listBackups.run({}, context)).toMatchObject({
    count: 0,
    copies: { database: 'away', files: 'away' },
    names: { database: [] },
  });
  renameSync(`${copyTo}.away`, copyTo);
  renameSync(`${taken.path}.gone`, taken.path);
});

test('a copy that expires where the backup is gone already is told as expired; one that would have had to go is no loss', async () => {
  const copies = path.dirname(copy);
  const planted = await plantBackup(context, await manifestOf(context, taken.name), 40, copies);
  const keepOne = { ...context, backup: { ...context.backup, keepAtLeast: 1 } };
  const names = async (of: WorkContext) => ((await listBackups.run({}, of)) as { names: { database: readonly string[] } }).names.database;
  expect(await names(context)).toEqual([taken.name, planted]);
  expect(await names(keepOne)).toEqual([taken.name]);
  expect((await takeBackup('run-1', keepOne)).expired).toEqual([planted]);
  expect(readdirSync(copies)).toEqual([taken.name]);
});

test('what must not be copied, and what nobody copies, lacks no copy', async () => {
  const alone = aWorkContext({ url: bank.url, backup: {} });
  const { name } = await takeBackup('run-2', alone);
  expect(await verifyBackup.run({ name }, alone)).toMatchObject({ verified: true, copy: null });
  const open = { ...alone, backup: { ...alone.backup, copyTo: aCommandHome() } };
  expect(await verifyBackup.run({ name }, open)).toMatchObject({ verified: true, copy: null });
});
