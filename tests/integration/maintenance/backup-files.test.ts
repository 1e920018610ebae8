import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { backupFilesWork } from '../../../src/maintenance/backup-files.ts';
import { verifyBackup } from '../../../src/maintenance/look-after-backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { aWorkContext } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: 120_000 });

type Taken = { readonly name: string; readonly path: string; readonly expired: readonly string[]; readonly copied: boolean };
const noDatabase = 'postgresql://nobody@localhost:1/nothing';

const take = async (run: string, context: ReturnType<typeof aWorkContext>): Promise<Taken> =>
  (await backupFilesWork.run({ run }, context)) as Taken;
const inodeOf = (file: string | Buffer): number => statSync(file).ino;

test('where there is no key copies of media share what has not changed, and do not leave the host', async () => {
  const [media, copyTo] = [aCommandHome(), aCommandHome()];
  mkdirSync(path.join(media, 'users'));
  writeFileSync(path.join(media, 'users', 'ada.png'), 'a picture');
  writeFileSync(path.join(media, 'report.pdf'), 'a report');
  const context = aWorkContext({ url: noDatabase, platform: { media: [media] } });
  const one = await take('one', context);
  expect(one).toMatchObject({
    verified: true,
    copied: false,
    expired: [],
    media: { [media]: '2 files, 17 octets, 0 unchanged, 0 skipped' },
  });

  appendFileSync(path.join(media, 'report.pdf'), ', and more');
  const two = await take('two', context);
  expect(two).toMatchObject({ media: { [media]: '2 files, 27 octets, 1 unchanged, 0 skipped' } });
  const copy = (taken: Taken, name: string): string => path.join(taken.path, 'media-1', name);
  expect(inodeOf(copy(one, 'users/ada.png'))).toBe(inodeOf(copy(two, 'users/ada.png')));
  expect([one, two].map(taken => readFileSync(copy(taken, 'report.pdf'), 'utf8'))).toEqual(['a report', 'a report, and more']);
  expect((await take('two', context)).name).toBe(two.name);

  for (const { name } of [one, two]) expect(await verifyBackup.run({ name }, context)).toMatchObject({ verified: true });
  rmSync(copy(two, 'report.pdf'));
  writeFileSync(copy(two, 'report.pdf'), 'a report, and lies');
  await expect(verifyBackup.run({ name: two.name }, context)).rejects.toThrow('report.pdf in media-1 is not what was copied');
  expect(await verifyBackup.run({ name: one.name }, context)).toMatchObject({ verified: true });

  const leaving = aWorkContext({ url: noDatabase, home: context.home, platform: { media: [media] }, backup: { copyTo } });
  await expect(take('three', leaving)).rejects.toThrow('is not encrypted and does not leave this host');
  // a restore is not the moment to demand a key
  expect(await take('safety-four', leaving)).toMatchObject({ copied: false });
  expect(readdirSync(copyTo, { recursive: true }).filter(name => String(name).includes('report'))).toEqual([]);
});

test('names may be anything; links are kept and not followed, neither in what is copied nor in what expires', async () => {
  const [media, elsewhere] = [aCommandHome(), aCommandHome()];
  writeFileSync(path.join(elsewhere, 'precious'), 'not to be copied');
  const hostile = ['-rf', 'a\nb', ' ', 'a\u202eb', '$(touch x)', 'x'.repeat(255), '"', "'", '*', '..more'].map(name => Buffer.from(name));
  hostile.push(Buffer.from([0xff, 0xfe, 0x41]));
  const at = (folder: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), name]);
  for (const [index, name] of hostile.entries()) writeFileSync(at(media, name), `content ${index}`);
  symlinkSync(elsewhere, path.join(media, 'link'));
  symlinkSync('/nowhere', path.join(media, 'dangling'));
  execFileSync('mkfifo', [path.join(media, 'pipe')]);
  const context = aWorkContext({ url: noDatabase, platform: { media: [media] } });
  const one = await take('one', context);
  expect(one).toMatchObject({ media: { [media]: expect.stringMatching(/^11 files, .* 0 unchanged, 1 skipped$/) as string } });
  const copy = path.join(one.path, 'media-1');
  expect(hostile.map(name => readFileSync(at(copy, name), 'utf8'))).toEqual(hostile.map((_, index) => `content ${index}`));
  expect(readlinkSync(path.join(copy, 'link'))).toBe(elsewhere);
  expect(lstatSync(path.join(copy, 'dangling')).isSymbolicLink()).toBe(true);
  expect(existsSync(path.join(copy, 'pipe'))).toBe(false);
  expect(await verifyBackup.run({ name: one.name }, context)).toMatchObject({ verified: true });

  const folder = path.dirname(one.path);
  const hasty = aWorkContext({
    url: noDatabase,
    home: context.home,
    platform: { media: [media] },
    backup: { keepAtLeast: 1, mediaDays: 1 },
  });
  const { expire, openVault } = await import('../../../src/maintenance/vault.ts');
  const two = await take('two', hasty);
  expect(two).toMatchObject({ expired: [], media: { [media]: expect.stringContaining('11 unchanged') as string } });
  const later = new Date(Date.now() + 10 * 86_400_000);
  expect(await expire(await openVault(hasty, 'files'), { days: 1, keepAtLeast: 1, now: later })).toEqual([one.name]);
  expect(readdirSync(folder)).toEqual([two.name]);
  expect(readFileSync(path.join(elsewhere, 'precious'), 'utf8')).toBe('not to be copied');
  expect(readFileSync(at(path.join(two.path, 'media-1'), hostile[2] ?? Buffer.alloc(0)), 'utf8')).toBe('content 2');
});

test('a folder that is a link, a configured file that is missing, or nothing to do: it is said, and nothing is left behind', async () => {
  const [real, home] = [aCommandHome(), aCommandHome()];
  const link = path.join(home, 'media');
  symlinkSync(real, link);
  await expect(take('a', aWorkContext({ url: noDatabase, home, platform: { media: [link] } }))).rejects.toThrow(
    'is no folder, or a link to one',
  );
  await expect(take('b', aWorkContext({ url: noDatabase, home, platform: { files: ['/nowhere/bank.conf'] } }))).rejects.toThrow(
    '/nowhere/bank.conf is missing',
  );
  await expect(take('d', aWorkContext({ url: noDatabase, home, platform: { media: [home] } }))).rejects.toThrow('which would hold itself');
  await expect(take('c', aWorkContext({ url: noDatabase, home }))).rejects.toThrow('there is nothing to back up');
  expect(readdirSync(path.join(home, 'backups', 'files'))).toEqual([]);
});
