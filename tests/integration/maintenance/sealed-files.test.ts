import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { backupFilesWork } from '../../../src/maintenance/backup-files.ts';
import { expireFiles } from '../../../src/maintenance/expire-files.ts';
import { verifyBackup } from '../../../src/maintenance/look-after-backups.ts';
import { openVault } from '../../../src/maintenance/vault.ts';
import { aKeyFile } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { full, report } from '../../support/reliability.ts';
import { filesBelow, objectsIn, settle } from '../../support/sealed-files.ts';
import { aWorkContext } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: full ? 600_000 : 120_000 });

type Taken = { readonly name: string; readonly path: string; readonly expired: readonly string[]; readonly copied: boolean };
const noDatabase = 'postgresql://nobody@localhost:1/nothing';
type Context = ReturnType<typeof aWorkContext>;

const take = async (run: string, context: Context): Promise<Taken> => (await backupFilesWork.run({ run }, context)) as Taken;
const verify = (name: string, context: Context) => verifyBackup.run({ name }, context);
const sealedHost = (media: string, more: { copyTo?: string; files?: string[]; home?: string; keyFile?: string } = {}): Context =>
  aWorkContext({
    url: noDatabase,
    ...(more.home === undefined ? {} : { home: more.home }),
    backup: { keyFile: more.keyFile ?? aKeyFile(), ...(more.copyTo === undefined ? {} : { copyTo: more.copyTo }) },
    platform: { media: [media], files: more.files ?? [] },
  });

test('each content is sealed once; nothing on either disk tells names or contents, and only what is new crosses', async () => {
  const [media, etc, copyTo] = [aCommandHome(), aCommandHome(), aCommandHome()];
  mkdirSync(path.join(media, 'passports'));
  writeFileSync(path.join(media, 'passports', 'ada-lovelace.png'), 'the picture of a passport');
  writeFileSync(path.join(media, 'passports', 'the-same.png'), 'the picture of a passport');
  writeFileSync(path.join(media, 'report.pdf'), 'a report');
  writeFileSync(path.join(etc, 'bank.conf'), 'secret=4711');
  settle();
  const context = sealedHost(media, { copyTo, files: [path.join(etc, 'bank.conf')] });
  const one = await take('one', context);
  expect(one).toMatchObject({ verified: true, copied: true, encrypted: true, media: { [media]: '3 files, 58 octets, 0 unchanged, 0 skipped, 2 new objects of 33 octets' } }); // prettier-ignore
  const lying = (): string[] => [path.join(context.home, 'backups'), copyTo].flatMap(root => filesBelow(root));
  expect(lying().filter(file => /ada|passports|report\.pdf|same/.test(file))).toEqual([]);
  for (const file of lying()) expect(readFileSync(file, 'latin1')).not.toMatch(/lovelace|the picture|a report|secret=/);

  writeFileSync(path.join(media, 'report.pdf'), 'a report, and more');
  renameSync(path.join(media, 'passports', 'the-same.png'), path.join(media, 'passports', 'renamed.png'));
  settle();
  const before = objectsIn(context.home).length;
  const two = await take('two', context);
  // a name that is new is read, and stored only if its content is
  expect(two).toMatchObject({ media: { [media]: '3 files, 68 octets, 1 unchanged, 0 skipped, 1 new objects of 18 octets' } });
  expect([before, objectsIn(context.home).length, objectsIn(copyTo, '').length]).toEqual([2, 3, 3]);
  expect((await take('two', context)).name).toBe(two.name);
  for (const { name } of [one, two]) expect(await verify(name, context)).toMatchObject({ verified: true });
});

test('a changed object is found and put aside, and the next backup heals every one that needs it', async () => {
  const media = aCommandHome();
  writeFileSync(path.join(media, 'one.pdf'), 'one'.repeat(1_000_000));
  writeFileSync(path.join(media, 'two.pdf'), 'two');
  settle();
  const context = sealedHost(media);
  const [first, second] = [await take('first', context), await take('second', context)];
  const damaged = objectsIn(context.home).find(file => statSync(file).size > 1_000_000) ?? '';
  const content = readFileSync(damaged);
  content.writeUInt8(content.readUInt8(2_000_000) ^ 1, 2_000_000);
  writeFileSync(damaged, content);
  await expect(verify(second.name, context)).rejects.toThrow('one.pdf in media-1 is not what was stored');
  await expect(verify(first.name, context)).rejects.toThrow('is missing');
  expect(await take('third', context)).toMatchObject({ media: { [media]: expect.stringContaining('1 new objects') as string } });
  for (const { name } of [first, second]) expect(await verify(name, context)).toMatchObject({ verified: true });

  // cut to the length of another, or replaced by one: neither passes
  const [large = '', small = ''] = objectsIn(context.home).toSorted((a, b) => statSync(b).size - statSync(a).size);
  writeFileSync(large, readFileSync(small));
  await expect(verify(first.name, context)).rejects.toThrow('holds something else');
});

test('what changes, vanishes or cannot be read while it is read is told; a change that keeps size and time is seen', async () => {
  const media = aCommandHome();
  writeFileSync(path.join(media, 'log'), 'a'.repeat(100));
  writeFileSync(path.join(media, 'quiet'), 'b'.repeat(100));
  writeFileSync(path.join(media, 'going'), 'c'.repeat(100));
  settle();
  const keyFile = aKeyFile();
  const context = sealedHost(media, { keyFile });
  const one = await take('one', context);
  const { mtime, atime } = statSync(path.join(media, 'quiet'));
  writeFileSync(path.join(media, 'quiet'), 'B'.repeat(100));
  utimesSync(path.join(media, 'quiet'), atime, mtime);
  expect(await take('two', context)).toMatchObject({
    media: { [media]: expect.stringContaining('2 unchanged, 0 skipped, 1 new objects') as string },
  });

  const { sealMedia } = await import('../../../src/maintenance/sealed-media.ts');
  const vault = await openVault(context, 'files');
  const unfinished = path.join(vault.folder, '.part-by-hand');
  mkdirSync(unfinished);
  // a file of several pieces that grows with every look at the disk, and one that goes
  writeFileSync(path.join(media, 'log'), Buffer.alloc(5_000_000));
  const busy = setInterval(() => appendFileSync(path.join(media, 'log'), 'more'), 0);
  const gone = setInterval(() => rmSync(path.join(media, 'going'), { force: true }), 0);
  const { media: counted } = await sealMedia(
    vault,
    { from: media, unfinished, folder: 'media-1', earlier: new Map() },
    new AbortController().signal,
  );
  clearInterval(busy);
  clearInterval(gone);
  expect(counted.sealed).toMatchObject({ changing: 1 });
  expect([2, 3]).toContain(counted.files);
  rmSync(unfinished, { recursive: true });
  for (const { name } of [one]) expect(await verify(name, context)).toMatchObject({ verified: true });
});

test('an object goes only when no backup that lies there needs it; one that does not tell keeps them all', async () => {
  const media = aCommandHome();
  const write = (name: string, text: string): void => writeFileSync(path.join(media, name), text);
  write('always', 'kept by all');
  write('first', 'in the first alone');
  settle();
  const context = sealedHost(media);
  const one = await take('one', context);
  rmSync(path.join(media, 'first'));
  write('second', 'in the second alone');
  settle();
  const two = await take('two', context);
  expect(objectsIn(context.home)).toHaveLength(3);
  const vault = await openVault(context, 'files');
  const later = { days: 1, keepAtLeast: 1, now: new Date(Date.now() + 10 * 86_400_000) };
  const never = new AbortController().signal;

  // the list of one is damaged: nobody knows what it needs
  const list = path.join(two.path, 'media-1.list');
  const content = readFileSync(list);
  truncateSync(list, 100);
  expect(await expireFiles(vault, { ...later, days: 100 }, never)).toEqual({ expired: [], objects: 0, unknown: two.name });
  rmSync(list);
  expect(await expireFiles(vault, { ...later, days: 100 }, never)).toMatchObject({ objects: 0, unknown: two.name });
  writeFileSync(list, content);

  // its manifest is not needed to know it
  const manifest = readFileSync(path.join(two.path, 'manifest'));
  writeFileSync(path.join(two.path, 'manifest'), 'something else');
  expect(await expireFiles(vault, { ...later, days: 100 }, never)).toMatchObject({ objects: 0, unknown: undefined });
  writeFileSync(path.join(two.path, 'manifest'), manifest);

  expect(await expireFiles(vault, later, never)).toEqual({ expired: [one.name], objects: 1, unknown: undefined });
  expect(objectsIn(context.home)).toHaveLength(2);
  expect(await verify(two.name, context)).toMatchObject({ verified: true });

  // another key has objects of its own, and neither removes the other's
  const other = sealedHost(media, { home: context.home });
  await take('of-another-key', other);
  expect(await expireFiles(await openVault(other, 'files'), later, never)).toMatchObject({ objects: 0, unknown: undefined });
  expect(await expireFiles(vault, later, never)).toMatchObject({ objects: 0, unknown: undefined });
  expect(await verify(two.name, context)).toMatchObject({ verified: true });
});

test('names may be anything; links are kept and not followed, and a folder that becomes a link leads nowhere', async () => {
  const [media, elsewhere] = [aCommandHome(), aCommandHome()];
  writeFileSync(path.join(elsewhere, 'precious'), 'not to be stored');
  const hostile = ['-rf', 'a\nb', ' ', 'a\u202eb', '$(touch x)', 'x'.repeat(255), '"', '*', '..more'].map(name => Buffer.from(name));
  hostile.push(Buffer.from([0xff, 0xfe, 0x41]));
  for (const [index, name] of hostile.entries()) writeFileSync(Buffer.concat([Buffer.from(`${media}/`), name]), `content ${index}`);
  symlinkSync(elsewhere, path.join(media, 'link'));
  symlinkSync('/nowhere', path.join(media, 'dangling'));
  linkSync(path.join(media, '*'), path.join(media, 'hard'));
  mkdirSync(path.join(media, 'empty'), { mode: 0o750 });
  chmodSync(path.join(media, '"'), 0o640);
  execFileSync('mkfifo', [path.join(media, 'pipe')]);
  const context = sealedHost(media);
  const one = await take('one', context);
  expect(one).toMatchObject({
    media: { [media]: expect.stringMatching(/^11 files, .* 0 unchanged, 1 skipped, 10 new objects/) as string },
  });
  expect(await verify(one.name, context)).toMatchObject({ verified: true });
  expect(objectsIn(context.home)).toHaveLength(10);
  const link = path.join(aCommandHome(), 'media');
  symlinkSync(media, link);
  await expect(take('two', sealedHost(link))).rejects.toThrow('is no folder, or a link to one');
});

/** Seals a file in a process of its own, whose memory nothing else takes; gives what it held at most, in MB. */
const sealAlone = async (megabytes: number) => {
  const [home, media] = [aCommandHome(), aCommandHome()];
  const program = path.join(import.meta.dirname, '../../support/seal-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, home, aKeyFile(), media, String(megabytes * 1_048_576)]);
  expect(readdirSync(path.join(home, 'backups', 'files')).filter(entry => entry.startsWith('.part-'))).toEqual([]);
  const { verified, held, storedMs, verifiedMs } = JSON.parse(stdout) as Record<string, number | boolean>;
  expect(verified).toBe(true);
  return { held: Math.ceil(Number(held) / 1_048_576), stored: Number(storedMs) / 1_000, verified: Number(verifiedMs) / 1_000 };
};

test('a large file takes no more memory than a small one', async () => {
  const sizes = { small: 4, large: full ? 1_024 : 64 };
  const [small, large] = [await sealAlone(sizes.small), await sealAlone(sizes.large)];
  report('a large file sealed and read', {
    MB: sizes.large, [`MB more memory than for ${sizes.small} MB`]: large.held - small.held,
    's to store and read back': large.stored.toFixed(1), 's to verify': large.verified.toFixed(1),
  }); // prettier-ignore
  // it is 60 MB larger at least
  expect(large.held - small.held).toBeLessThan(40);
}, 600_000);
