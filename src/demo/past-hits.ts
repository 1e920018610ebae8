import type { Direct } from '../database/direct.ts';
import type { AnyRule } from '../detection/define-rule.ts';
import { rules } from '../detection/rules.ts';
import { lookFor, type SeenHit } from '../detection/run.ts';
import { usualOf } from '../detection/settings.ts';
import { wholeDay } from './bank-days.ts';

/** Which rules see the shape of a planted case. The other shapes alone are below the score that opens alerts. */
const seenBy: Readonly<Record<string, readonly number[]>> = {
  R4: [4], R5: [1, 5, 16], R6: [6], R7: [7, 11], R9: [9, 11], R13: [1, 11, 13], R15: [11, 15],
}; // prettier-ignore
/** Cases of each shape, the newest first: a large bank has more than anybody looks at. */
const ofEach = 4;
/** The score that opens alerts. */
const enough = 40;

type Planted = { readonly rule: string; readonly account: number; readonly fresh: boolean; readonly at: string };

/** What one rule saw of a case, the first hit first. */
export type PastAlert = { readonly rule: AnyRule; readonly hits: readonly SeenHit[]; readonly openedAt: number };
/** A case of the past that detection would have raised, with the alerts it led to. */
export type PastCase = {
  readonly shape: string;
  readonly account: number;
  readonly score: number;
  readonly at: number;
  readonly alerts: readonly PastAlert[];
};

const plantedCases = async (client: Direct): Promise<readonly Planted[]> => {
  const { rows } = await client.query<{ value: Planted[] }>(`SELECT value FROM platform.setting WHERE key = 'demo.planted'`);
  const past = (rows[0]?.value ?? []).filter(({ fresh, rule }) => !fresh && seenBy[rule] !== undefined);
  const newest = past.toSorted((a, b) => (a.at < b.at ? 1 : -1));
  return [...Map.groupBy(newest, ({ rule }) => rule).values()].flatMap(cases => cases.slice(0, ofEach));
};

/** When the scores of different rules first reached what opens alerts; undefined where they never did. */
const crossing = (hits: readonly { readonly rule: AnyRule; readonly at: number }[]): number | undefined => {
  const counted = new Set<number>();
  let score = 0;
  for (const { rule, at } of hits) {
    if (!counted.has(rule.id)) score += rule.score;
    counted.add(rule.id);
    if (score >= enough) return at;
  }
  return undefined;
};

/** Detection runs every minute. */
const noticedAfter = 45_000;

const raised = async (client: Direct, { rule: shape, account, at }: Planted): Promise<PastCase | undefined> => {
  const end = Date.parse(at);
  const span = { since: new Date(end - wholeDay), until: new Date(end + 1) };
  const read = async <Row>(sql: string, values: readonly unknown[]) => (await client.query(sql, [...values])).rows as Row[];
  const seen: { readonly rule: AnyRule; readonly hits: readonly SeenHit[] }[] = [];
  for (const rule of rules.filter(({ id }) => seenBy[shape]?.includes(id))) {
    const hits = (await lookFor({ read }, rule, usualOf(rule), span)).filter(hit => Number(hit.accountId) === account);
    if (hits.length > 0) seen.push({ rule, hits: hits.toSorted((a, b) => a.at.getTime() - b.at.getTime()) });
  }
  const inTime = seen.flatMap(({ rule, hits }) => hits.map(hit => ({ rule, at: hit.at.getTime() }))).toSorted((a, b) => a.at - b.at);
  const opened = crossing(inTime);
  if (opened === undefined) return undefined;
  return {
    shape,
    account,
    score: seen.reduce((sum, { rule }) => sum + rule.score, 0),
    at: end,
    alerts: seen.map(each => ({ ...each, openedAt: Math.max(opened, each.hits[0]?.at.getTime() ?? 0) + noticedAfter })),
  };
};

/** What detection would have raised of the planted cases of the past, the newest first; those of the last day are left for it to find. */
export const pastCases = async (client: Direct): Promise<readonly PastCase[]> => {
  const found: PastCase[] = [];
  for (const planted of await plantedCases(client)) {
    const past = await raised(client, planted);
    if (past) found.push(past);
  }
  return found.toSorted((a, b) => b.at - a.at);
};
