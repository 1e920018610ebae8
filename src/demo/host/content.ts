import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { writeOnce, writeWhole } from './keys.ts';
import { demoService, type DemoPorts, type Places } from './places.ts';
import { makeUpkeep, upkeepOf } from './upkeep.ts';

const hour = 3_600_000;

/** A picture that every browser shows. */
const picture = (title: string, colour: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="${colour}"/><text x="20" y="105" font-size="24">${title}</text></svg>\n`;

const statement = (month: string): string =>
  `Statement of account, ${month}\n\n${Array.from({ length: 60 }, (_, index) => `${month}-${String((index % 28) + 1).padStart(2, '0')}  posting ${String(index + 1).padStart(4, '0')}`).join('\n')}\n`;

/** What customers uploaded and what the platform made for them. */
const uploads: Readonly<Record<string, string>> = {
  'identity/front.svg': picture('identity card, front', '#cfe3d4'),
  'identity/back.svg': picture('identity card, back', '#d4d9e3'),
  'logo.svg': picture('the bank', '#e3dfcf'),
  'statements/2026-08.txt': statement('2026-08'),
  'statements/2026-09.txt': statement('2026-09'),
  'statements/2026-10.txt': statement('2026-10'),
  // a name as people give it: with blanks, quotes, and letters that are no ASCII
  "letters/Müller's answer (final).txt": 'Dear Sir or Madam,\n\nplease find the papers attached.\n',
};

/** Left over in the folder for temporary files, with their age in hours. */
const leftOver: Readonly<Record<string, number>> = {
  'upload-0001.part': 96,
  'upload-0002.part': 72,
  'report-2026-10.csv.tmp': 50,
  'session/4711.lock': 30,
  'upload-0003.part': 1,
};

/** Lines of the days before the demo began, so that there is something to search. */
const earlierLines = (now: number): string =>
  [
    [46, 'INFO', 'bank begins'],
    [45.9, 'SECURITY', 'staff key refused: GET / from 203.0.113.24'],
    [40, 'INFO', 'statements of the month were made'],
    [31.5, 'ERROR', 'the database does not answer: connection refused'],
    [31.4, 'INFO', 'the database answers again'],
    [27, 'SECURITY', 'staff key refused: GET /health from 198.51.100.7'],
    [22, 'ERROR', 'upload-0003.part was not completed: out of time'],
    [3, 'INFO', 'bank ends: it was told to'],
  ]
    .map(([hoursAgo, level, text]) => `${new Date(now - Number(hoursAgo) * hour).toISOString()} ${level} ${text}\n`)
    .join('');

const rotation = ({ logFile }: Places): string =>
  `${logFile} {\n  size 1M\n  rotate 5\n  missingok\n  notifempty\n  compress\n  delaycompress\n}\n`;

/** A certificate that runs out in two months, signed by nobody else; none where this machine has no openssl. */
const makeCertificate = async ({ certificate }: Places): Promise<void> => {
  if (existsSync(certificate)) return;
  const part = `${certificate}.${process.pid}.part`;
  const wishes = ['-newkey', 'ed25519', '-nodes', '-days', '60', '-subj', '/CN=bank.demo', '-keyout', `${certificate}.key`, '-out', part];
  try {
    await promisify(execFile)('openssl', ['req', '-x509', ...wishes]);
    renameSync(part, certificate);
  } catch {
    rmSync(part, { force: true }); // the demo does without
  }
};

/** Makes the files of the demo's platform at its first start; what its user changed or took away later stays so. */
export const makeContent = async (places: Places, { bank }: DemoPorts): Promise<void> => {
  const { media, settings, temporary, logFile, rotations } = places;
  writeOnce(path.join(settings, 'bank.conf'), () => `listen 127.0.0.1:${bank}\nlanguage en\nuploads ${media}\n`);
  await makeCertificate(places);
  writeOnce(path.join(rotations, demoService), () => rotation(places), 0o644);
  writeOnce(logFile, () => earlierLines(Date.now()));
  makeUpkeep(places);
  if (!existsSync(media)) for (const [name, content] of Object.entries(uploads)) writeWhole(path.join(media, name), content);
  if (existsSync(temporary)) return;
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  for (const [name, hoursAgo] of Object.entries(leftOver)) {
    const file = path.join(temporary, name);
    const at = new Date(Date.now() - hoursAgo * hour);
    writeWhole(file, 'x'.repeat(4_096));
    utimesSync(file, at, at);
  }
};

/** `config.json` of the host: what `bursar` knows there of the platform beside the database. */
export const hostConfig = (places: Places, { bank }: DemoPorts) => ({
  platform: {
    health: `http://127.0.0.1:${bank}/health`,
    service: demoService,
    maintenanceFile: places.maintenanceFile,
    media: [places.media],
    files: [places.settings],
    logs: [places.logFile],
    temporary: [places.temporary],
    certificates: existsSync(places.certificate) ? [places.certificate] : [],
    rotations: places.rotations,
    ...upkeepOf(places, `http://127.0.0.1:${bank}`),
  },
  backup: { folder: places.backups, keyFile: places.backupKeyFile, copyTo: places.copies },
});
