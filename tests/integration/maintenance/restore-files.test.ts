import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { aKeyFile } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { maintained } from '../../support/maintained.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { aRestoredPlatform } from '../../support/restored-platform.ts';
import { objectsIn } from '../../support/sealed-files.ts';

vi.setConfig({ testTimeout: full ? 600_000 : 120_000 });

const noDatabase = 'postgresql://nobody@localhost:1/nothing';

/** Everything below a folder and the folder itself: name, rights, time and content. */
const treeOf = (root: string, place: Buffer = Buffer.from(root)): readonly string[] => {
  const found = lstatSync(place);
  const told = [place.subarray(root.length + 1).toString('latin1'), (found.mode & 0o7777).toString(8)];
  if (found.isSymbolicLink()) return [[...told, readlinkSync(place)].join(' ')];
  const line = [...told, Math.round(found.mtimeMs)].join(' ');
  if (found.isFile()) return [`${line} ${readFileSync(place, 'latin1')}`];
  const names = readdirSync(place, { encoding: 'buffer' }).toSorted((a, b) => Buffer.compare(a, b));
  return [line, ...names.flatMap(name => treeOf(root, Buffer.concat([place, Buffer.from('/'), name])))];
};

const aHost = (keyFile: string | null = aKeyFile()) => {
  const [media, etc, home] = [path.join(aCommandHome(), 'media'), aCommandHome(), aCommandHome()];
  mkdirSync(path.join(media, 'users', 'empty'), { recursive: true });
  writeFileSync(path.join(media, 'users', 'ada.png'), 'a picture');
  writeFileSync(Buffer.concat([Buffer.from(`${media}/`), Buffer.from([0x2d, 0xff, 0x0a])]), 'a hostile name');
  writeFileSync(path.join(media, 'report.pdf'), 'a report'.repeat(300_000));
  chmodSync(path.join(media, 'report.pdf'), 0o440);
  chmodSync(path.join(media, 'users'), 0o750);
  utimesSync(path.join(media, 'report.pdf'), 1_000_000_000, 1_000_000_000);
  symlinkSync('users/ada.png', path.join(media, 'link'));
  writeFileSync(path.join(etc, 'bank.conf'), 'secret=4711');
  const settings = { platform: { media: [media], files: [path.join(etc, 'bank.conf')] }, backup: keyFile === null ? {} : { keyFile } };
  const host = maintained(noDatabase, { home, ...settings });
  const take = async (run: string): Promise<string> => String((await host.maintain('backup-files', { run }))['name']);
  return { media, etc, home, settings, take, maintain: host.maintain };
};
type Host = ReturnType<typeof aHost>;

const ruin = ({ media }: Host): void => {
  rmSync(path.join(media, 'users'), { recursive: true });
  rmSync(path.join(media, 'report.pdf'));
  writeFileSync(path.join(media, 'report.pdf'), 'ransom');
  writeFileSync(path.join(media, 'since'), 'uploaded since');
};
const beside = ({ media }: Host): readonly string[] => readdirSync(path.dirname(media)).toSorted();

test('a folder of media is as the backup has it, with rights, times and links; what stood there stays beside it', async () => {
  const host = aHost();
  const was = treeOf(host.media);
  const name = await host.take('one');
  ruin(host);
  const ruined = treeOf(host.media);
  const restored = await host.maintain('restore-files', { name, run: 'back', folder: host.media });
  expect(restored).toMatchObject({ restored: true, before: `${host.media}.before-back` });
  expect(treeOf(host.media)).toEqual(was);
  expect(treeOf(`${host.media}.before-back`)).toEqual(ruined);
  // begun again under its run it is the same
  writeFileSync(path.join(host.media, 'later'), 'uploaded since');
  expect(await host.maintain('restore-files', { name, run: 'back', folder: host.media })).toEqual(restored);
  expect(beside(host)).toEqual(['media', 'media.before-back']);
  expect(existsSync(path.join(host.media, 'later'))).toBe(true);
  // and where nothing is left of it
  rmSync(host.media, { recursive: true });
  await host.maintain('restore-files', { name, run: 'from-nothing', folder: host.media });
  expect(treeOf(host.media)).toEqual(was);
});

test('a service that is stopped for it stands still while both folders change their names, and no longer, whoever is killed', async () => {
  const [host, searchPath] = [aHost(), process.env['PATH']];
  using platform = await aRestoredPlatform(() => true);
  process.env['PATH'] = `${platform.programs}:${searchPath}`;
  const { health: _notAsked, ...profile } = platform.profile;
  const { maintain } = maintained(noDatabase, { ...host.settings, home: host.home, platform: { ...host.settings.platform, ...profile } });
  try {
    const name = await host.take('one');
    ruin(host);
    const wish = { name, folder: host.media, stop: 'yes' };
    await expect(host.maintain('restore-files', wish)).rejects.toThrow('there is nothing to stop');
    expect(beside(host)).toEqual(['media']);
    await maintain('restore-files', { ...wish, run: 'back' });
    expect([platform.recorded(), platform.isMaintained()]).toEqual([['stop', 'start'], false]);
    expect(beside(host)).toEqual(['media', 'media.before-back']);
    // as killed when all was done but to start it: begun again it is started, once
    platform.forget();
    writeFileSync(`${host.media}.stopped-back`, '');
    await maintain('restore-files', { ...wish, run: 'back' });
    await maintain('restore-files', { ...wish, run: 'back' });
    expect([platform.recorded(), beside(host)]).toEqual([['start'], ['media', 'media.before-back']]);
    // as killed between starting it and letting everybody in: begun again they are let in
    writeFileSync(`${host.media}.stopped-back`, '');
    mkdirSync(profile.maintenanceFile);
    await expect(maintain('restore-files', { ...wish, run: 'back' })).rejects.toThrow('EISDIR');
    rmSync(profile.maintenanceFile, { recursive: true });
    writeFileSync(profile.maintenanceFile, '{}');
    await maintain('restore-files', { ...wish, run: 'back' });
    expect([platform.isMaintained(), beside(host)]).toEqual([false, ['media', 'media.before-back']]);
    // what cannot change its name is told, and the service runs again
    platform.forget();
    for (const left of ['before', 'filled']) mkdirSync(`${host.media}.${left}-hindered`);
    writeFileSync(`${host.media}.meanwhile-hindered`, 'a file in the way');
    await expect(maintain('restore-files', { ...wish, run: 'hindered' })).rejects.toThrow('not a directory');
    expect([platform.recorded(), platform.isMaintained()]).toEqual([['stop', 'start'], false]);
  } finally {
    process.env['PATH'] = searchPath;
  }
}); // prettier-ignore

test('what a service made in the place of the folder between both renames is put aside', async () => {
  const host = aHost();
  const [name, was] = [await host.take('one'), treeOf(host.media)];
  cpSync(host.media, `${host.media}.filled-back`, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  mkdirSync(`${host.media}.before-back`);
  rmSync(host.media, { recursive: true });
  mkdirSync(host.media);
  writeFileSync(path.join(host.media, 'late'), 'uploaded meanwhile');
  await host.maintain('restore-files', { name, run: 'back', folder: host.media });
  expect(treeOf(host.media).length).toBe(was.length);
  expect(readFileSync(path.join(`${host.media}.meanwhile-back`, 'late'), 'utf8')).toBe('uploaded meanwhile');
});

test('asked to end before it is whole it takes away what it filled, and says that it was aborted', async () => {
  const host = aHost();
  const name = await host.take('one');
  const { maintain, lines } = maintained(noDatabase, { ...host.settings, home: host.home });
  const asked = AbortSignal.abort();
  for (const wish of [
    { folder: host.media, run: 'back' },
    { folder: host.media, into: `${host.media}-out` },
  ])
    await expect(maintain('restore-files', { name, ...wish }, asked)).rejects.toMatchObject({ name: 'WorkAborted' });
  expect([beside(host), lines.length]).toEqual([['media'], 0]);
});

test('one file, or configuration and certificates, come out into a new folder and replace nothing', async () => {
  const host = aHost();
  const name = await host.take('one');
  const out = path.join(aCommandHome(), 'out');
  expect(await host.maintain('restore-files', { name, folder: host.media, into: out, only: 'users/ada.png' })).toMatchObject({
    files: 1,
    octets: 9,
  });
  expect(readdirSync(out, { recursive: true, encoding: 'utf8' })).toEqual(['users', 'users/ada.png']);
  await expect(host.maintain('restore-files', { name, folder: host.media, into: out })).rejects.toThrow('name a folder that is not');
  await expect(host.maintain('restore-files', { name, folder: host.media, into: `${out}-2`, only: 'nobody' })).rejects.toThrow(
    'nothing of that name',
  );
  await host.maintain('restore-files', { name, into: `${out}-3` });
  expect(readFileSync(path.join(`${out}-3`, host.etc, 'bank.conf'), 'utf8')).toBe('secret=4711');
  expect(readdirSync(path.dirname(out)).toSorted()).toEqual(['out', 'out-3']);
});

test('what the profile does not name is replaced by nobody, and nothing is touched where the backup is not whole', async () => {
  const host = aHost();
  const name = await host.take('one');
  ruin(host);
  const ruined = treeOf(host.media);
  const restore = (folder: string) => host.maintain('restore-files', { name, run: 'back', folder });
  await expect(restore(host.etc)).rejects.toThrow('is none of platform.media');
  await expect(host.maintain('restore-files', { name, run: 'back' })).rejects.toThrow('only a whole folder of media');
  const [object = ''] = objectsIn(host.home).filter(file => lstatSync(file).size > 1_000_000);
  writeFileSync(object, Buffer.alloc(lstatSync(object).size));
  await expect(restore(host.media)).rejects.toThrow('was not sealed by Bursar');
  expect(treeOf(host.media)).toEqual(ruined);
  rmSync(host.media, { recursive: true });
  symlinkSync(host.etc, host.media);
  await expect(restore(host.media)).rejects.toThrow('is no folder, or a link to one');
});

test('copies that were not sealed come back as well; their folders get the rights of what stands there', async () => {
  const host = aHost(null);
  const was = treeOf(host.media).filter(line => !/^(users|users\/empty)? \d/.test(line));
  const name = await host.take('one');
  ruin(host);
  chmodSync(host.media, 0o751);
  await host.maintain('restore-files', { name, run: 'back', folder: host.media });
  expect(treeOf(host.media).filter(line => !/^(users|users\/empty)? \d/.test(line))).toEqual(was);
  expect(lstatSync(path.join(host.media, 'users')).mode & 0o777).toBe(0o751);
});

test('killed with -9 wherever it is: what stands there is what was or what is restored, and begun again it is restored', async () => {
  const rounds = full ? 60 : 1;
  const random = randomFrom(seed, 'restore files kills');
  const host = aHost();
  for (let file = 0; file < 60; file++) writeFileSync(path.join(host.media, `file-${file}`), 'content'.repeat(2_000));
  const was = treeOf(host.media);
  const name = await host.take('one');
  const program = path.join(import.meta.dirname, '..', '..', 'support', 'maintain-process.ts');
  const seen = { kills: 0, 'with the former one in place': 0, 'with none in place': 0, 'with the restored one in place': 0 };
  for (let round = 0; round < rounds; round++) {
    writeFileSync(path.join(host.media, 'since'), 'uploaded since');
    const former = treeOf(host.media);
    const run = `round-${round}`;
    const input = JSON.stringify({ name, run, folder: host.media });
    const child = spawn(process.execPath, [program, noDatabase, host.home, 'restore-files', input, JSON.stringify(host.settings.platform), JSON.stringify(host.settings.backup)], { stdio: 'ignore' }); // prettier-ignore
    const ended = once(child, 'exit');
    await vi.waitUntil(() => child.exitCode !== null || beside(host).some(one => one.endsWith(run)), { timeout: 30_000, interval: 1 });
    await pause(random.below(150));
    child.kill('SIGKILL');
    await ended;
    seen.kills++;
    const there = existsSync(host.media) ? treeOf(host.media) : undefined;
    if (there === undefined) seen['with none in place']++;
    else if (there.length === former.length) seen['with the former one in place']++;
    else seen['with the restored one in place']++;
    expect([former, was, undefined]).toContainEqual(there);
    await host.maintain('restore-files', { name, run, folder: host.media });
    expect(treeOf(host.media)).toEqual(was);
    expect(treeOf(`${host.media}.before-${run}`)).toEqual(former);
    expect(beside(host).filter(one => /\.(filling|filled)-/.test(one))).toEqual([]);
  }
  report('files restored and killed with -9', seen);
});
