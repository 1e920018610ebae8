// Takes backups of files and lets old ones go, again and again, until a test kills it: home, file of the key, media, seed. Says what it has done.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { backupFilesWork } from '../../src/maintenance/backup-files.ts';
import { expireFiles } from '../../src/maintenance/expire-files.ts';
import { alone, openVault } from '../../src/maintenance/vault.ts';
import { aWorkContext } from './work-context.ts';

const [home = '', keyFile = '', media = '', seed = ''] = process.argv.slice(2);
const random = randomFrom(0, seed);
const clock = Date.now;
const context = aWorkContext({ url: 'postgresql://nobody@localhost:1/nothing', home, backup: { keyFile }, platform: { media: [media] } });

for (let round = 0; ; round++) {
  Date.now = () => clock() + (round + 1) * 3_000; // what was written before is not young
  for (let change = 0; change < 5; change++) {
    const place = path.join(media, `folder-${random.below(3)}`, `file-${random.below(8)}`);
    mkdirSync(path.dirname(place), { recursive: true });
    if (random.below(4) === 0) rmSync(place, { force: true });
    else writeFileSync(place, `content ${random.below(30)}`.repeat(1 + random.below(2_000)));
  }
  const run = `${seed}-${round}`;
  await backupFilesWork.run({ run }, context);
  process.stdout.write(`${run} taken\n`);
  const keep = { days: 1, keepAtLeast: 1 + random.below(3), now: new Date(clock() + 10 * 86_400_000) };
  await alone(context, async () => expireFiles(await openVault(context, 'files'), keep, context.signal));
  process.stdout.write(`${run} expired\n`);
}
