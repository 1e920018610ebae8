import type { Db } from '../../database/client.ts';
import { meaning, number, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

/** A rule of monitoring, how it is set, and what it is worth: what became of its alerts. */
export type RuleRow = Keyed & {
  readonly title: string;
  readonly explanation: string;
  readonly score: number;
  readonly version: number;
  readonly mode: 'live' | 'shadow' | 'off';
  /** The setting that its mode is changed by. */
  readonly modeSetting: bigint;
  readonly hits: number;
  readonly shadowHits: number;
  readonly lastHitAt: Date | null;
  readonly alertsOpen: number;
  readonly decided: number;
  /** Decided as confirmed or valuable. */
  readonly right: number;
};

const modeOf = `(SELECT m.value #>> '{}' FROM platform.setting m WHERE m.key = 'detection.r' || t.id || '.mode')`;

export const rulePage = pageOf<RuleRow>({
  table: 'ops.detection_rule',
  select: `t.title, t.explanation, t.score::int AS score, t.version, mode.value #>> '{}' AS mode, mode.id AS "modeSetting", day.hits, day.shadow AS "shadowHits",
    (SELECT max(h.at) FROM ops.rule_hit h WHERE h.rule = t.id) AS "lastHitAt",
    (SELECT count(*)::int FROM ops.alert a WHERE a.rule = t.id AND a.status IN ('open', 'in review')) AS "alertsOpen", done.decided, done."right"`,
  joins: `JOIN platform.setting mode ON mode.key = 'detection.r' || t.id || '.mode'
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE NOT h.shadow)::int AS hits, count(*) FILTER (WHERE h.shadow)::int AS shadow
                          FROM ops.rule_hit h WHERE h.rule = t.id AND h.at > clock_timestamp() - interval '24 hours') day
    CROSS JOIN LATERAL (SELECT count(a.outcome)::int AS decided, count(*) FILTER (WHERE a.outcome IN ('confirmed', 'valuable'))::int AS "right"
                          FROM ops.alert a WHERE a.rule = t.id) done`,
  defaultSort: { field: 'id', descending: false },
  fields: {
    text: text('t.title', { exact: [`lower('r' || t.id || ' ' || t.title || ' ' || t.explanation) LIKE {contains}`] }),
    id: number('t.id', { sortable: true }),
    rule: text(`'R' || t.id`, { exact: [`'R' || t.id = upper({text})`] }),
    title: text('t.title', { sortable: true, like: ['lower(t.title) LIKE {contains}'] }),
    score: number('t.score', { sortable: true }),
    version: number('t.version'),
    mode: meaning({ live: `${modeOf} = 'live'`, shadow: `${modeOf} = 'shadow'`, off: `${modeOf} = 'off'` }),
  },
});

/** A number that a rule is measured by, as it is set. */
type RuleSettingRow = {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  readonly usual: string;
  readonly min: number | null;
  readonly max: number | null;
};

/** What a rule saw, for a list. */
export type RecentHit = {
  readonly at: Date;
  readonly account: string | null;
  readonly words: string;
  readonly alertId: bigint | null;
  readonly shadow: boolean;
};

export type LastRun = {
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly since: Date;
  readonly by: string;
  readonly hits: number;
  readonly alerts: number;
};

export type RuleDetail = {
  readonly settings: readonly RuleSettingRow[];
  readonly hits: readonly RecentHit[];
  /** Of the last fourteen days, today included, oldest first. */
  readonly byDay: readonly number[];
  readonly lastRun: LastRun | undefined;
};

const settingsOf = (db: Db, id: bigint): Promise<RuleSettingRow[]> =>
  db.$queryRaw`
    SELECT s.key, s.label, s.value #>> '{}' AS value, s.default_value #>> '{}' AS usual, s.min::float8 AS min, s.max::float8 AS max
      FROM platform.setting s WHERE s.key LIKE ${`detection.r${id}.%`} AND s.type <> 'string' ORDER BY s.id`;

const hitsOf = (db: Db, id: bigint): Promise<RecentHit[]> =>
  db.$queryRaw`
    SELECT h.at, a.number AS account, h.words, h.alert_id AS "alertId", h.shadow
      FROM ops.rule_hit h LEFT JOIN bank.account a ON a.id = h.account_id WHERE h.rule = ${id}::smallint ORDER BY h.at DESC, h.id DESC LIMIT 20`;

const hitsByDay = async (db: Db, id: bigint): Promise<readonly number[]> => {
  const rows = await db.$queryRaw<{ hits: number }[]>`
    SELECT count(h.id)::int AS hits FROM generate_series(0, 13) ago
      LEFT JOIN ops.rule_hit h ON h.rule = ${id}::smallint AND h.at > clock_timestamp() - (ago + 1) * interval '1 day' AND h.at <= clock_timestamp() - ago * interval '1 day'
     GROUP BY ago ORDER BY ago DESC`;
  return rows.map(({ hits }) => hits);
};

const lastRun = async (db: Db): Promise<LastRun | undefined> => {
  const [row] = await db.$queryRaw<LastRun[]>`
    SELECT r.started_at AS "startedAt", r.finished_at AS "finishedAt", r.since, o.name AS by, r.hits, r.alerts
      FROM ops.detection_run r JOIN ops.operator o ON o.id = r.operator_id ORDER BY r.started_at DESC, r.id DESC LIMIT 1`;
  return row;
};

/** How a rule is set, what it saw last, and when it last looked. */
export const ruleDetail = async (db: Db, { id }: RuleRow): Promise<RuleDetail> => {
  const [settings, hits, byDay, run] = await Promise.all([settingsOf(db, id), hitsOf(db, id), hitsByDay(db, id), lastRun(db)]);
  return { settings, hits, byDay, lastRun: run };
};
