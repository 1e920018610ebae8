import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openDirect } from '../src/database/direct.ts';
import { openLocalServer } from '../src/database/local-server.ts';
import { migrate } from '../src/database/migrate.ts';
import { businessDay } from '../src/domain/day.ts';
import { seedDemo } from '../src/demo/seed-demo.ts';
import { measureDetection } from './bench/detection.ts';
import { report, type Figure } from './bench/figure.ts';
import { measurePages } from './bench/pages.ts';
import { measureScreen } from './bench/screen.ts';
import { measureWriting } from './bench/writing.ts';

/**
 * Measures what TARGETS asks for, on a server and a bank of its own with default settings, and prints one table and one line of JSON.
 * `--transactions N` (5 million unless told) and `--only screen|data|writing|detection` make it shorter, `--home FOLDER` keeps the bank for another time.
 */
const full = 5_000_000;
const { values } = parseArgs({
  options: { transactions: { type: 'string', default: String(full) }, only: { type: 'string' }, home: { type: 'string' } },
});
const transactions = Number(values.transactions);
let said = '';
const say = (text: string): void => {
  if (text !== said) process.stderr.write(`${text}\n`);
  said = text;
};
const wants = (group: string): boolean => values.only === undefined || values.only === group;

/** How many transactions the bank was made with: a kept one may be of another size than the one asked for. */
const sizeOf = async (url: string): Promise<number> => {
  const client = await openDirect(url, { applicationName: 'bursar bench' }, () => {});
  const { rows } = await client.query<{ held: string }>('SELECT count(*) AS held FROM bank.transaction');
  await client.end();
  return Number(rows[0]?.held ?? 0);
};

const measureDatabase = async (home: string): Promise<readonly Figure[]> => {
  const server = await openLocalServer({ home, onProgress: say });
  try {
    const client = await openDirect(server.url, { applicationName: 'bursar bench', statementTimeoutMs: 0 }, () => {});
    await migrate(client, path.join(import.meta.dirname, '..', 'prisma', 'migrations'));
    const seeded = await client.query('SELECT FROM platform.demo_marker');
    await client.end();
    if (seeded.rowCount === 0) await seedDemo(server.url, { transactions, auditRows: Math.round(transactions / 5), onProgress: say });
    const held = await sizeOf(server.url);
    const figures = [
      ...(wants('data') ? await measurePages(server.url, businessDay(new Date(), 'Europe/Berlin')) : []),
      ...(wants('detection') ? await measureDetection(server.url) : []),
      ...(wants('writing') ? await measureWriting(server.url) : []),
    ];
    const note = held < full ? ` (of ${held.toLocaleString('en')} only)` : '';
    return figures.map(figure => ({ ...figure, what: `${figure.what}${note}` }));
  } finally {
    await server.stop();
  }
};

// Another account runs the server when root starts it, so the folder must be one that it can reach
const home = values.home ?? (await mkdtemp(path.join(os.tmpdir(), 'bursar-bench-')));
try {
  if (values.home === undefined) await chmod(home, 0o755);
  const figures = [
    ...(wants('data') || wants('writing') || wants('detection') ? await measureDatabase(home) : []),
    ...(wants('screen') ? await measureScreen(say) : []),
  ];
  // With more than this machine has processors, times are those of a queue
  say(`load average ${os.loadavg()[0]?.toFixed(1)} on ${os.availableParallelism()} processors`);
  process.stdout.write(`${report(figures)}\n`);
} finally {
  if (values.home === undefined) await rm(home, { recursive: true, force: true });
}
