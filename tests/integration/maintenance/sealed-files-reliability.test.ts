import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import { backupFilesWork } from '../../../src/maintenance/backup-files.ts';
import { checkBackup } from '../../../src/maintenance/check-backup.ts';
import { expireFiles } from '../../../src/maintenance/expire-files.ts';
import { pinBackup, unpinBackup } from '../../../src/maintenance/look-after-backups.ts';
import { objectsOf } from '../../../src/maintenance/objects.ts';
import { entriesOf } from '../../../src/maintenance/sealed-media.ts';
import { findBackup, namesIn, openVault } from '../../../src/maintenance/vault.ts';
import { aKeyFile } from '../../support/backups.ts';
import { aCommandHome } from '../../support/command.ts';
import { full, report, seed } from '../../support/reliability.ts';
import { objectsIn, settle } from '../../support/sealed-files.ts';
import { aWorkContext } from '../../support/work-context.ts';

vi.setConfig({ testTimeout: full ? 1_800_000 : 120_000 });

type Context = ReturnType<typeof aWorkContext>;
const aHost = (media: string, keyFile = aKeyFile(), home = aCommandHome()): Context =>
  aWorkContext({ url: 'postgresql://nobody@localhost:1/nothing', home, backup: { keyFile }, platform: { media: [media] } });

/** Reads every backup that has its name whole; gives how many there are. */
const allWhole = async (context: Context): Promise<number> => {
  const vault = await openVault(context, 'files');
  const names = await namesIn(vault);
  for (const name of names) {
    const { manifest, folder } = await findBackup(vault, name);
    await checkBackup({ vault, manifest, folder, signal: context.signal, progress: () => undefined }, undefined);
  }
  return names.length;
};

/** The objects that some backup needs. */
const neededBy = async (context: Context): Promise<ReadonlySet<string>> => {
  const vault = await openVault(context, 'files');
  const needed = new Set<string>();
  for (const name of await namesIn(vault))
    for await (const entry of entriesOf({ place: path.join(vault.folder, name), folder: 'media-1' }, await objectsOf(vault)))
      if (entry.kind === 'file') needed.add(entry.object);
  return needed;
};
const lyingIn = (context: Context): readonly string[] => objectsIn(context.home).map(file => path.basename(file));

test('whatever is written, taken, pinned and let go: each backup that is left is whole, and no object lies there that none needs', async () => {
  const media = aCommandHome();
  const context = aHost(media);
  const random = randomFrom(seed, 'sealed files');
  const vault = await openVault(context, 'files');
  const steps = full ? 2_000 : 60;
  const done = { backups: 0, 'backups let go': 0, 'objects let go': 0, 'backups read whole': 0 };
  const astray: string[] = [];
  for (let step = 0; step < steps; step++) {
    settle();
    const place = path.join(media, `folder-${random.below(2)}`, `file-${random.below(3)}`);
    mkdirSync(path.dirname(place), { recursive: true });
    const what = random.below(6);
    const names = await namesIn(vault);
    const name = names[random.below(Math.max(1, names.length))];
    if (what < 2) writeFileSync(place, `content ${random.below(20)}`.repeat(1 + random.below(500)));
    else if (what === 2) rmSync(place, { force: true });
    else if (what === 3) done.backups += (await backupFilesWork.run({ run: `step-${step}` }, context)) ? 1 : 0;
    else if (what === 4 && name !== undefined) await (random.below(2) === 0 ? pinBackup : unpinBackup).run({ name }, context);
    else {
      const keep = { days: 1, keepAtLeast: 1 + random.below(4), now: new Date(Date.now() + (1 + random.below(2)) * 86_400_000) };
      const { expired, objects, unknown } = await expireFiles(vault, keep, context.signal);
      done['backups let go'] += expired.length;
      done['objects let go'] += objects;
      done['backups read whole'] += await allWhole(context);
      const needed = await neededBy(context);
      if (unknown !== undefined || needed.size !== lyingIn(context).length) astray.push(`step ${step}: ${unknown ?? 'objects'}`);
    }
  }
  expect(astray).toEqual([]);
  report('sealed files, random sequence', { steps, ...done });
  expect(done['objects let go']).toBeGreaterThan(0);
});

test('killed with -9 while it stores, names, lets go or in between: each backup that has its name is whole', async () => {
  const [media, home, keyFile] = [aCommandHome(), aCommandHome(), aKeyFile()];
  const context = aHost(media, keyFile, home);
  const random = randomFrom(seed, 'sealed files kills');
  const rounds = full ? 100 : 1;
  const seen = { kills: 0, 'backups read whole': 0, 'left unfinished': 0, 'left half gone': 0, 'left objects that none needs': 0 };
  for (let round = 0; round < rounds; round++) {
    const program = path.join(import.meta.dirname, '..', '..', 'support', 'file-backup-process.ts');
    const child = spawn(process.execPath, [program, home, keyFile, media, `seed-${seed}-${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    await pause(random.below(400));
    child.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
    seen.kills++;
    const lying = readdirSync(path.join(home, 'backups', 'files'));
    if (lying.some(name => name.startsWith('.part-'))) seen['left unfinished']++;
    if (lying.some(name => name.startsWith('.gone-'))) seen['left half gone']++;
    const needed = await neededBy(context);
    if (lyingIn(context).some(name => !needed.has(name))) seen['left objects that none needs']++;
    seen['backups read whole'] += await allWhole(context);
  }
  settle();
  await backupFilesWork.run({ run: 'the-last' }, context);
  expect(await allWhole(context)).toBeGreaterThan(0);
  expect(new Set(lyingIn(context))).toEqual(await neededBy(context));
  expect(readdirSync(path.join(home, 'backups', 'files')).filter(name => /^\.(part|gone)-/.test(name))).toEqual([]);
  report('sealed files killed with -9', seen);
});
