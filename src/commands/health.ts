import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { smallTable } from '../cli/table.ts';
import type { Db } from '../database/client.ts';
import { formatValue, gradeNow, gradeOf, grades, shortThreshold, type Grade, type Measure, type Reading } from '../domain/health.ts';
import { rankOf } from '../domain/health-measures.ts';
import type { Judge } from '../domain/health-thresholds.ts';
import { forbidden, invalid } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import { stateWords } from '../resources/health/page.ts';
import { auditHead, measureNow, readJudge, readSeries } from '../resources/health/queries.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';
import { withConsoleDatabase } from './console-database.ts';
import { explain } from './explain.ts';
import { anchorReading, askHosts } from './measure.ts';
import { NotReady } from './not-ready.ts';
import { credentialsOf } from './remote-credentials.ts';

/** The database is given so long in all, in milliseconds: one that hangs is wrong too. */
const patience = 25_000;

/** One line of the answer. */
type Found = Pick<Reading, 'value' | 'words'> & {
  readonly of: Measure;
  readonly host: string | null;
  readonly subject: string;
  readonly grade: Grade;
  readonly ageSeconds: number;
};

const foundNow = (judge: Judge, { measure, value, grade, words, subject = '' }: Reading): readonly Found[] => {
  const of = judge(measure);
  return of ? [{ of, value, words, subject, host: null, ageSeconds: 0, grade: gradeOf(of, { value, ...(grade ? { grade } : {}) }) }] : [];
};

/** The database as it is now, the hosts as they were asked last. */
const lookAt = async (db: Db, { config }: CommandContext): Promise<readonly Found[]> => {
  const [now, series, judge, head] = await Promise.all([measureNow(db), readSeries(db), readJudge(db), auditHead(db)]);
  const anchor = await anchorReading(config, head);
  const ofHosts = series.filter(({ host }) => host !== null).flatMap((one): readonly Found[] => {
    const of = judge(one.measure);
    return of ? [{ ...one, of, grade: gradeNow(of, one) }] : [];
  }); // prettier-ignore
  return [...now, anchor]
    .flatMap(reading => foundNow(judge, reading))
    .concat(ofHosts)
    .toSorted((a, b) => grades.indexOf(a.grade) - grades.indexOf(b.grade) || rankOf(a.of) - rankOf(b.of));
};

const unreachable = (error: unknown): Found => {
  const { refusal } = explain(error);
  const of: Measure = { name: 'database', group: 'database', title: 'Database', unit: 'yes', bad: 1, low: true, means: 'whether it answers', helps: refusal.next ?? 'bursar doctor says more' };
  return { of, value: 0, words: refusal.message, host: null, subject: '', ageSeconds: 0, grade: 'bad' };
}; // prettier-ignore

const inTime = async (work: Promise<readonly Found[]>): Promise<readonly Found[]> => {
  const over = new AbortController();
  const late = delay(patience, undefined, { signal: over.signal }).then(() => {
    throw new Error(`the database did not answer within ${patience / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
    work.catch(() => undefined);
  }
};

const look = async (context: CommandContext): Promise<readonly Found[]> => {
  const { config, log } = context;
  try {
    // Looking makes nothing: the first start does
    if (config.databaseUrl === undefined && !existsSync(path.join(config.home, 'data', 'PG_VERSION'))) {
      throw new NotReady('there is no database yet: bursar makes an embedded one at its first start, or name yours in DATABASE_URL');
    }
    return await inTime(withConsoleDatabase(context, 'console', database => lookAt(database.reads, context)));
  } catch (error) {
    log.write('health failed', { error });
    return [unreachable(error)];
  }
};

/** Asks every host in use before looking, for whoever may. */
const askFirst = async (context: CommandContext, json: boolean): Promise<number | undefined> => {
  const { streams, config, withSession } = context;
  return withSession(async ({ hosts, health, environment }) => {
    const credentials = credentialsOf(config);
    if (!credentials.ok) return refuse(streams, json, credentials);
    if (!hosts || !health) return refuse(streams, json, forbidden('asking hosts needs the permissions host.use and schedule.run', 'ask an administrator for a role that has them'));
    await withDemoHost(context, environment.demo, async () => askHosts(health, hosts, await hosts.list(), credentials.value));
    return undefined;
  }); // prettier-ignore
};

const asText = (found: readonly Found[]): string => {
  const rows = found.map(({ grade, of, host, subject, value, words }) => [
    stateWords[grade], subject === '' ? of.title : `${of.title}: ${subject}`, host ?? of.group, formatValue(of.unit, value), shortThreshold(of),
    grade === 'bad' || grade === 'warn' ? `${words} -> ${of.helps}` : words,
  ]); // prettier-ignore
  return `${smallTable({ columns: ['State', 'Measure', 'Where', 'Now', 'Look / wrong', 'Found'], rows }).join('\n')}\n`;
};

const asDocument = (found: readonly Found[], ok: boolean): string => {
  const counts = Object.fromEntries(grades.map(grade => [grade, found.filter(one => one.grade === grade).length]));
  const rows = found.map(({ of, host, subject, value, grade, words, ageSeconds }) => ({
    measure: of.name, group: of.group, host, subject, value, unit: of.unit, grade, warn: of.warn ?? null, bad: of.bad ?? null, low: of.low === true, words, helps: of.helps, ageSeconds,
  })); // prettier-ignore
  return `${toJson({ ok, counts, measures: rows }, 2)}\n`;
};

/** `bursar health`: measures the database now, tells how the hosts were, and fails where something is wrong. Needs nobody who is signed in. */
export const healthCommand: Command = {
  name: 'health',
  alone: true,
  summary: 'measure the database, hosts as they were asked last; exit 1 where something is wrong',
  flags: [
    { name: 'json', help: 'one JSON document' },
    { name: 'strict', help: 'fail as well where something is worth a look' },
    { name: 'ask', help: 'ask the hosts now; needs a login that may, and a key for them' },
  ],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('health takes flags only'));
    if (flags['ask'] === 'yes') {
      const refused = await askFirst(context, json);
      if (refused !== undefined) return refused;
    }
    const found = await look(context);
    const wrong = found.some(({ grade }) => grade === 'bad' || (flags['strict'] === 'yes' && grade === 'warn'));
    await streams.write(json ? asDocument(found, !wrong) : asText(found));
    return wrong ? exitCode.failed : exitCode.done;
  },
};
