import { randomUUID } from 'node:crypto';
import { openDatabase } from '../../src/database/client.ts';
import { openDirect } from '../../src/database/direct.ts';
import { detect, lookFor } from '../../src/detection/run.ts';
import { rules } from '../../src/detection/rules.ts';
import { usualOf } from '../../src/detection/settings.ts';
import { watchOf } from '../../src/kit/watch.ts';
import { percentile, type Figure } from './figure.ts';

const turns = 7;
const hour = 3_600_000;

const median = async (work: () => Promise<unknown>): Promise<number> => {
  const samples: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now();
    await work();
    samples.push(performance.now() - began);
  }
  return percentile(samples, 0.5);
};

const figure = (what: string, value: number, most?: number): Figure => ({
  group: 'detection',
  what,
  value,
  unit: 'ms',
  ...(most !== undefined && { target: { kind: 'at most', value: most } }),
});

/** Every rule over what the last run left and over a whole day, then all of them as a console runs them: the first time, and every minute. */
export const measureDetection = async (url: string): Promise<readonly Figure[]> => {
  const token = randomUUID() + randomUUID();
  const admin = await openDirect(url, { applicationName: 'bursar bench' }, () => {});
  await admin.query(`SELECT ops.open_demo_session('demo', $1, 'bench')`, [token]);
  const [{ newest } = { newest: new Date() }] = (
    await admin.query<{ newest: Date }>('SELECT max(posted_at) AS newest FROM bank.transaction')
  ).rows;
  await admin.end();
  const database = openDatabase({ url, applicationName: 'bursar bench' });
  const watch = watchOf(database, token);
  // A bank that was kept for another time is looked at as it was then
  const until = new Date(newest.getTime() + 1);
  const lately = { since: new Date(until.getTime() - hour / 6), until };
  const day = { since: new Date(until.getTime() - 24 * hour), until };
  const figures: Figure[] = [];
  for (const rule of rules) {
    const took = await median(() => lookFor(watch, rule, usualOf(rule), lately));
    const tookDay = await median(() => lookFor(watch, rule, usualOf(rule), day));
    figures.push(figure(`R${rule.id} ${rule.title}, 10 minutes`, took, 50), figure(`R${rule.id} ${rule.title}, 24 hours`, tookDay));
  }
  const back = Math.ceil((Date.now() - day.since.getTime()) / hour);
  const first = performance.now();
  await detect(watch, rules, { hours: back });
  figures.push(figure('all rules over the last day, the first time', performance.now() - first));
  figures.push(figure('all rules over the last day, nothing new', await median(() => detect(watch, rules, { hours: back }))));
  figures.push(figure('all rules, as a console runs them every minute', await median(() => detect(watch, rules)), 800));
  await database.close();
  return figures;
};
