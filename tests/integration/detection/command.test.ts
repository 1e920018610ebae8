import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, askAndApprove, goTo, type GuideBank } from '../../support/guide-bank.ts';

type RuleResult = { readonly rule: string; readonly mode: string; readonly hits: number; readonly new: number; readonly alerts: number };
type Result = { readonly ok: boolean; readonly rules: readonly RuleResult[] };
type Backtest = {
  readonly days: readonly { readonly current: number; readonly tried: number }[];
  readonly current: Record<string, number>;
  readonly tried: Record<string, number>;
};

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const run = async (...flags: string[]): Promise<Result> => JSON.parse(await bank.bursar('detect', 'run', ...flags, '--json')) as Result;
const sum = ({ rules }: Result, figure: 'hits' | 'new' | 'alerts'): number => rules.reduce((all, rule) => all + rule[figure], 0);
const count = async (table: string): Promise<number> => Number(await bank.value(`SELECT count(*) FROM ${table}`));
const note = 'the head of compliance asks for it';

test('D17 detect run: each rule with its hits, what is new and its time; again there is nothing new', async () => {
  const before = { hits: await count('ops.rule_hit'), alerts: await count('ops.alert') };
  const first = await run('--hours', '48');
  expect(first.rules.map(({ rule }) => rule)).toEqual(Array.from({ length: 16 }, (_, index) => `R${index + 1}`));
  expect(sum(first, 'hits')).toBeGreaterThan(0);
  const second = await run('--hours', '48');
  expect(sum(second, 'hits')).toBeGreaterThanOrEqual(sum(first, 'hits'));
  expect({ new: sum(second, 'new'), alerts: sum(second, 'alerts') }).toEqual({ new: 0, alerts: 0 });
  expect({ hits: await count('ops.rule_hit'), alerts: await count('ops.alert') }).toEqual({
    hits: before.hits + sum(first, 'new'),
    alerts: before.alerts + sum(first, 'alerts'),
  });
  const table = await bank.bursar('detect', 'run');
  expect(table).toMatch(/^Rule {2}Title +Mode +Hits +New +Alerts +ms\n/);
  expect(table).toMatch(/R5 +Structuring +live +\d+ +0 +0 +\d+\.\d\n/);
  expect(table).toContain('0 new hits, 0 alerts opened');
});

test('D23 a sum that is cut up: three deposits just below the limit open alerts that ask for a hold', async () => {
  const [quiet] = await bank.rows(
    `SELECT a.id, a.number FROM bank.account a WHERE a.status = 'active' AND a.currency = 'EUR' AND a.opened_at < now() - interval '90 days'
        AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id) AND NOT EXISTS (SELECT FROM ops.rule_hit h WHERE h.account_id = a.id)
        AND NOT EXISTS (SELECT FROM bank.transaction t WHERE a.id IN (t.from_account_id, t.to_account_id) AND t.posted_at > now() - interval '3 days') ORDER BY a.id LIMIT 1`,
  );
  const account = String(quiet?.['number']);
  for (const amount of [171_700, 188_300, 195_100]) expect(await bank.post({ type: 'deposit', to: account, amount })).toBeNull();
  await run();
  const alerts = await bank.rows('SELECT rule, score, hits, status FROM ops.alert WHERE account_id = $1 ORDER BY rule', [quiet?.['id']]);
  expect(alerts).toEqual([
    { rule: 1, score: 80, hits: 3, status: 'open' },
    { rule: 5, score: 80, hits: 1, status: 'open' },
  ]);
  expect(await bank.bursar('alerts', 'list', `account=${account}`)).toMatch(
    /R5[\s\S]*3 deposits in 1 min, each 80 to 100 % of EUR 2,000\.00, EUR 5,551\.00 in all, limit 3/,
  );
});

test('who may not is told so, and whoever may only read changes nothing', async () => {
  expect(await bank.tries('--as', 'viewer', 'detect', 'run')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('this needs the permission detection.run') as string,
  });
  expect((await bank.tries('--read-only', 'detect', 'run')).code).toBe(3);
  for (const words of [['run', '--hours', '0'], ['run', 'now'], ['backtest'], ['backtest', 'R5', '--days', 'many'], ['backtest', 'R5', '--set', 'size=2'],
    ['backtest', 'R5', '--set', 'count=1'], ['shadow', 'R1', 'R2']]) expect(await bank.tries('detect', ...words)).toMatchObject({ code: 2 }); // prettier-ignore
  expect(await bank.tries('detect', 'backtest', 'R99')).toMatchObject({ stderr: expect.stringContaining('there are R1 to R16') as string });
});

test('a backtest asks a rule about the past, as it is set and as it might be, and stores nothing', async () => {
  const before = [await count('ops.rule_hit'), await count('ops.detection_run')];
  const words = ['detect', 'backtest', 'R1', '--days', '10'];
  const result = JSON.parse(await bank.bursar(...words, '--set', 'percent=50', '--json')) as Backtest;
  expect(result.days).toHaveLength(10);
  expect(result.current['hits']).toBe(result.days.reduce((all, day) => all + day.current, 0));
  expect(result.current['hits']).toBeGreaterThan(0);
  expect(result.tried['hits']).toBeGreaterThan(result.current['hits'] ?? 0);
  const asItIs = JSON.parse(await bank.bursar(...words, '--json')) as Backtest;
  expect(asItIs.tried).toEqual(asItIs.current);
  const told = await bank.bursar(...words, '--set', 'percent=50');
  expect(told).toContain('R1 Large: percent 80; tried with percent 50');
  expect(told).toMatch(/Day +Hits +Tried\n\d{4}-\d\d-\d\d/);
  expect(told).toMatch(/Hits +Accounts +Confirmed +Valuable +False positive +Undecided\nas it is/);
  expect(told).toContain('bursar settings edit detection.r1.percent --value 50');
  expect([await count('ops.rule_hit'), await count('ops.detection_run')]).toEqual(before);
});

test('a backtest says what was decided about the alerts that the hits led to', async () => {
  const decisions = { confirmed: 0, undecided: 0 };
  const before = JSON.parse(await bank.bursar('detect', 'backtest', 'R5', '--days', '3', '--json')) as Backtest;
  Object.assign(decisions, before.current);
  expect(decisions.undecided).toBeGreaterThan(0);
  const [alert] = await bank.rows(
    `SELECT a.id FROM ops.alert a JOIN ops.rule_hit h ON h.alert_id = a.id WHERE a.rule = 5 AND a.outcome IS NULL AND h.at > bank.business_day()::timestamptz - interval '1 day' LIMIT 1`,
  );
  await bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
     UPDATE ops.alert a SET status = 'dismissed', outcome = 'confirmed', decided_by = 1, decided_at = now() FROM off WHERE a.id = $1`,
    [alert?.['id']],
  );
  const after = JSON.parse(await bank.bursar('detect', 'backtest', 'R5', '--days', '3', '--json')) as Backtest;
  expect(after.current).toMatchObject({ confirmed: decisions.confirmed + 1, undecided: decisions.undecided - 1 });
});

test('D23 a rule goes into shadow by two people: on screen and by command; what it sees then is shown and raises nothing', async () => {
  await using console = await bank.screen('rules', [200, 50]);
  await goTo(console, 'rules rule=R4');
  await console.sees('R4', 'Flagged party', 'live', 'Precision');
  await console.press('x', 'm');
  await console.fill({ value: 'shadow', note });
  await console.sees('detection.r4.mode', 'live -> shadow');
  await console.confirm('detection.r4.mode');
  await console.sees('waits for somebody with access.decide');
  const number = await bank.value(`SELECT number FROM ops.approval WHERE entity_label = 'detection.r4.mode' AND status = 'pending'`);
  await bank.bursar('--as', 'manager', 'inbox', 'approve', number, '--note', 'agreed with the analysts', '--yes');
  expect(await bank.value(`SELECT value #>> '{}' FROM platform.setting WHERE key = 'detection.r4.mode'`)).toBe('shadow');

  const seen = await run('--hours', '48');
  const r4 = seen.rules.find(({ rule }) => rule === 'R4');
  expect(r4).toMatchObject({ mode: 'shadow', alerts: 0 });
  expect(r4?.new).toBeGreaterThan(0);
  expect(await bank.bursar('detect', 'shadow')).toMatch(/R4 +Flagged party +shadow +\d+ +\d+ +\d+ +\d+/);
  await goTo(console, 'rules rule=R4');
  await console.press('Enter');
  await console.sees('shadow: its hits are stored and raise nothing', 'Last hits in shadow');

  await askAndApprove(bank, 'rules', 'edit', 'R4', '--value', 'live', '--note', note, '--yes', '--confirm', 'detection.r4.mode');
  expect(await bank.value(`SELECT value #>> '{}' FROM platform.setting WHERE key = 'detection.r4.mode'`)).toBe('live');
  expect(
    (await bank.tries('rules', 'edit', 'R4', '--value', 'sometimes', '--note', note, '--yes', '--confirm', 'detection.r4.mode')).code,
  ).toBe(2);
});

test('the pane of rules: explained in words, measured by settings, with what became of its alerts', async () => {
  const shown = await bank.bursar('rules', 'show', 'R5');
  expect(shown).toMatch(/R5 Structuring/);
  expect(shown).toContain('Looks for');
  expect(shown).toMatch(/detection\.r5\.count +3 +3 +2 and 100 +Deposits/);
  expect(shown).toContain('Last hits');
  expect(shown).toMatch(/Last run +\d{4}-\d\d-\d\d .* by the console of demo, finished/);
  const listed = await bank.bursar('rules', 'list', 'mode=live', '--sort', '-score');
  expect(listed.split('\n')[1]).toMatch(/^R4 /);
});
