import { Client } from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { connectionSettings } from '../../../src/database/settings.ts';
import { rules } from '../../../src/detection/rules.ts';
import { aDatabase } from '../../support/database.ts';
import { report } from '../../support/reliability.ts';
import { hitsOf, type Found } from '../../support/rule-hits.ts';

type Planted = { readonly rule: string; readonly account: string; readonly transactions: readonly string[] };

/** Hits of one case by its own rule: the fifth, sixth and seventh of seven debits; each account of a posting; one unless told. */
const hitsPerCase: Readonly<Record<string, number>> = { R2: 3, R3: 2, R4: 2, R5: 3, 'R10 fan-in': 3, 'R10 fan-out': 3 };

/**
 * Which other shapes a rule finds too, and rightly: deposits near the limit are large and reach the daily one, large debits of somebody who hardly
 * spends stand out against the own history, and whatever is planted in the last hours falls into the night when the demo is filled by night.
 */
const large = ['R1', 'R3', 'R4', 'R6', 'R7', 'R9', 'R12', 'R13', 'R14', 'R15', 'R16'];
const alsoFound: Readonly<Record<number, readonly string[]>> = {
  1: ['R5', 'R13'],
  8: large,
  11: [...large, 'R8', 'R10 fan-in', 'R10 fan-out'],
  16: ['R5'],
};

let db: Client;
let planted: readonly Planted[];
let found: ReadonlyMap<number, readonly Found[]>;
/** The shape that each planted transaction belongs to. */
let shapeOf: ReadonlyMap<string, string>;

beforeAll(async () => {
  const bank = await aDatabase('demo');
  db = new Client(connectionSettings(bank.url, { applicationName: 'test', statementTimeoutMs: 60_000 }));
  await db.connect();
  const { rows } = await db.query<Planted>(
    `SELECT c ->> 'rule' AS rule, c ->> 'account' AS account, ARRAY(SELECT jsonb_array_elements_text(c -> 'transactions')) AS transactions
       FROM platform.setting, jsonb_array_elements(value) c WHERE key = 'demo.planted'`,
  );
  planted = rows;
  shapeOf = new Map(rows.flatMap(({ rule, transactions }) => transactions.map(id => [id, rule] as const)));
  const hits = new Map<number, readonly Found[]>();
  for (const rule of rules) hits.set(rule.id, await hitsOf(db, rule));
  found = hits;
  return async () => {
    await db.end();
    await bank.drop();
  };
});

const of = (id: number): readonly Found[] => found.get(id) ?? [];
const shapesOf = (id: number): readonly Planted[] => planted.filter(({ rule }) => rule.split(' ')[0] === `R${id}`);

test.each(rules.map(({ id, title }) => [id, title] as const))(
  'R%i %s finds its planted cases, and nothing that nobody planted',
  (id, title) => {
    const hits = of(id);
    const own = shapesOf(id);
    expect(own.length).toBeGreaterThanOrEqual(6);

    const missed = own.filter(
      ({ account, transactions }) => !hits.some(hit => hit.account === account && hit.last === transactions.at(-1)),
    );
    expect(missed).toEqual([]);

    const nobodys = hits.filter(({ last }) => !shapeOf.has(last));
    expect(nobodys.map(({ words }) => words)).toEqual([]);

    const others = hits.map(({ last }) => shapeOf.get(last) ?? '').filter(shape => shape.split(' ')[0] !== `R${id}`);
    expect([...new Set(others)].filter(shape => !alsoFound[id]?.includes(shape))).toEqual([]);

    const expected = own.reduce((sum, { rule }) => sum + (hitsPerCase[rule] ?? 1), 0);
    expect(hits.length - others.length).toBe(expected);
    report(`R${id} ${title}`, {
      planted: own.length,
      found: own.length - missed.length,
      hits: hits.length,
      'of other shapes': others.length,
      ordinary: nobodys.length,
    });
  },
);

test('every hit names its transaction among at most 200, and says in words what was seen', () => {
  for (const { last, transactions, words } of [...found.values()].flat()) {
    expect(transactions).toContain(last);
    expect(transactions.length).toBeLessThanOrEqual(200);
    expect(words).not.toMatch(/undefined|NaN|null/);
  }
});

test('looked at in pieces that overlap by ten minutes, the same is found, each once', async () => {
  const { rows: [range] } = await db.query<{ since: Date; until: Date }>('SELECT min(posted_at) AS since, max(posted_at) AS until FROM bank.transaction'); // prettier-ignore
  const [since = 0, until = 0] = [range?.since.getTime(), range?.until.getTime()];
  const pieces = 7;
  const length = Math.ceil((until + 1 - since) / pieces);
  const keysOf = (id: number, hits: readonly Found[]): readonly string[] => hits.map(({ account, last }) => `R${id} ${account} ${last}`);
  const [whole, inPieces] = [[] as string[], new Set<string>()];
  for (const rule of rules) {
    whole.push(...keysOf(rule.id, of(rule.id)));
    for (let piece = 0; piece < pieces; piece++) {
      const from = since + piece * length;
      const hits = await hitsOf(db, rule, { since: new Date(from - 600_000), until: new Date(from + length) });
      for (const key of keysOf(rule.id, hits)) inPieces.add(key);
    }
  }
  expect([...inPieces].toSorted()).toEqual(whole.toSorted());
});
