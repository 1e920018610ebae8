// Seals a file of so many octets, reads it back, and says how many octets of memory it held meanwhile at most: home, file of the key, folder of media, octets.
import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { backupFilesWork } from '../../src/maintenance/backup-files.ts';
import { verifyBackup } from '../../src/maintenance/look-after-backups.ts';
import { heldMemory } from './held-memory.ts';
import { aWorkContext } from './work-context.ts';

const [home = '', keyFile = '', media = '', octets = ''] = process.argv.slice(2);
const film = path.join(media, 'film');
writeFileSync(film, '');
truncateSync(film, Number(octets));
utimesSync(film, new Date(0), new Date(0));
const context = aWorkContext({ url: 'postgresql://nobody@localhost:1/nothing', home, backup: { keyFile }, platform: { media: [media] } });

const before = heldMemory();
let held = 0;
const watch = setInterval(() => (held = Math.max(held, heldMemory() - before)), 300);
const began = performance.now();
const { name } = (await backupFilesWork.run({ run: 'one' }, context)) as { name: string };
const stored = performance.now();
const { verified } = (await verifyBackup.run({ name }, context)) as { verified: boolean };
clearInterval(watch);
const said = { verified, held, storedMs: stored - began, verifiedMs: performance.now() - stored };
process.stdout.write(`${JSON.stringify(said)}\n`);
