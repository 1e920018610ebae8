import { copyRows, type Direct } from '../database/direct.ts';
import { usualOf } from '../detection/settings.ts';
import { caseEnds, dismissals, openEnds, plainDismissal, type CaseEnd, type Dismissal, type Note } from './alert-ends.ts';
import { hour, minute, wholeDay } from './bank-days.ts';
import { operatorId } from './operators.ts';
import { pastCases, type PastAlert, type PastCase } from './past-hits.ts';

const instant = (at: number): string => new Date(at).toISOString();

/** What became of the alerts of one case of the past. */
type End =
  | { readonly kind: 'open' | 'in review' | 'snoozed' }
  | ({ readonly kind: 'dismissed' } & Dismissal)
  | { readonly kind: 'case'; readonly number: number; readonly end: CaseEnd };

type Ended = { readonly past: PastCase; readonly end: End };
type Numbered = { readonly id: number; readonly alert: PastAlert; readonly past: PastCase; readonly end: End };

/** Some became cases, the newest of the others still wait, and the rest was dismissed. */
const endsOf = (all: readonly PastCase[]): readonly Ended[] => {
  const left = new Set(all);
  const escalated = caseEnds.flatMap(end => {
    const past = [...left].find(({ shape }) => shape === end.shape);
    if (past) left.delete(past);
    return past ? [{ past, end }] : [];
  });
  const oldestFirst = escalated.toSorted((a, b) => a.past.at - b.past.at);
  const turns = new Map<string, number>();
  const dismissed = (shape: string): End => {
    const turn = turns.get(shape) ?? 0;
    turns.set(shape, turn + 1);
    const ways = dismissals[shape] ?? [];
    return { kind: 'dismissed', ...(ways[turn % ways.length] ?? plainDismissal) };
  };
  return [
    ...oldestFirst.map(({ past, end }, index): Ended => ({ past, end: { kind: 'case', number: index + 1, end } })),
    ...[...left].map((past, index): Ended => {
      const waits = openEnds[index];
      return { past, end: waits === undefined ? dismissed(past.shape) : { kind: waits } };
    }),
  ];
};

/** Somebody looked into all alerts of an account at once, the next working hour. */
const decidedAt = ({ alerts }: PastCase): number => Math.max(...alerts.map(({ openedAt }) => openedAt)) + 9 * hour;
const isDecided = ({ kind }: End): boolean => kind === 'dismissed' || kind === 'case';

const alertRow =
  (now: number) =>
  ({ id, alert, past, end }: Numbered) => {
    const last = alert.hits.at(-1)?.at.getTime() ?? alert.openedAt;
    const claimed = end.kind === 'in review' || isDecided(end);
    const decided = isDecided(end);
    const outcome = end.kind === 'dismissed' ? end.outcome : end.kind === 'case' ? end.end.outcome : null;
    const status = end.kind === 'case' ? 'escalated' : end.kind === 'snoozed' ? 'open' : end.kind;
    const claimedAt = end.kind === 'in review' ? now - 50 * minute : decidedAt(past) - 40 * minute;
    return [
    id, alert.rule.id, past.account, past.score, status, instant(alert.openedAt), instant(last), alert.hits.length,
    claimed ? operatorId('ravi') : null, claimed ? instant(claimedAt) : null, end.kind === 'snoozed' ? instant(now + 5 * wholeDay) : null,
    outcome, decided ? operatorId('ravi') : null, decided ? instant(decidedAt(past)) : null, end.kind === 'case' ? end.number : null,
    instant(decided ? decidedAt(past) : last), decided ? 2 : claimed ? 1 : 0,
  ]; // prettier-ignore
  };

const hitRows = ({ id, alert: { rule, hits } }: Numbered) =>
  hits.map(hit => [
    rule.id, rule.version, String(hit.accountId), String(hit.lastId), `{${hit.transactionIds.join(',')}}`, JSON.stringify(hit.observed),
    JSON.stringify(usualOf(rule)), hit.words, rule.score, instant(hit.at.getTime()), instant(hit.at.getTime() + 45_000), id,
  ]); // prettier-ignore

type CaseOf = { readonly past: PastCase; readonly number: number; readonly end: CaseEnd };

const caseRow = ({ past, number, end }: CaseOf) => {
  const opened = decidedAt(past);
  const assigned = end.status === 'open' ? null : operatorId('ravi');
  return [
    number, end.title, past.account, end.status, past.score, operatorId('ravi'), instant(opened), assigned, end.finding ?? null,
    instant(opened + (end.finding === undefined ? hour : 6 * wholeDay)), end.status === 'open' ? 0 : end.finding === undefined ? 1 : 3,
  ]; // prettier-ignore
};

const noteRow =
  (entity: string, id: number, from: number, now: number) =>
  ({ by, after, text }: Note) =>
    [entity, String(id), text, operatorId(by), Math.min(from + after * hour, now - minute)] as const;

const notesOf = (alerts: readonly Numbered[], cases: readonly CaseOf[], now: number) =>
  [
    ...alerts.flatMap(({ id, past, end }) => {
      const text = end.kind === 'dismissed' ? end.note : end.kind === 'case' ? end.end.why : undefined;
      return text === undefined ? [] : [['alert', String(id), text, operatorId('ravi'), decidedAt(past)] as const];
    }),
    ...cases.flatMap(({ past, number, end }) => end.notes.map(noteRow('case', number, decidedAt(past), now))),
  ].toSorted((a, b) => a[4] - b[4]);

/** The owner of each case's account, and the account on the other side of its money where there is one. */
const link = `
  INSERT INTO ops.case_link (case_id, entity, entity_id, linked_by, linked_at)
  SELECT c.id, 'user', a.user_id::text, c.opened_by, c.opened_at + interval '20 minutes' FROM ops.case_file c JOIN bank.account a ON a.id = c.account_id
  UNION
  SELECT c.id, 'account', p.party::text, c.opened_by, c.opened_at + interval '25 minutes'
    FROM ops.case_file c JOIN ops.alert l ON l.case_id = c.id JOIN ops.rule_hit h ON h.alert_id = l.id JOIN bank.transaction t ON t.id = ANY (h.transaction_ids),
         LATERAL (VALUES (t.from_account_id), (t.to_account_id)) AS p(party) WHERE p.party <> c.account_id`;

const mark = `INSERT INTO ops.red_flag (transaction_id, rule, hit_id) SELECT DISTINCT unnest(h.transaction_ids), h.rule, h.id FROM ops.rule_hit h WHERE NOT h.shadow`;

const tables = ['ops.case_file', 'ops.alert', 'ops.rule_hit', 'ops.alert_snooze', 'ops.case_link', 'ops.note', 'ops.red_flag'] as const;

const write = async (client: Direct, ended: readonly Ended[], now: number): Promise<void> => {
  const inOrder = ended
    .flatMap(({ past, end }) => past.alerts.map(alert => ({ alert, past, end })))
    .toSorted((a, b) => a.alert.openedAt - b.alert.openedAt);
  const alerts = inOrder.map((each, index): Numbered => ({ ...each, id: index + 1 }));
  const cases = ended.flatMap(({ past, end }): CaseOf[] => (end.kind === 'case' ? [{ past, number: end.number, end: end.end }] : []));
  await copyRows(
    client,
    'ops.case_file (id, title, account_id, status, score, opened_by, opened_at, assigned_to, finding, changed_at, version)',
    cases.map(caseRow),
  );
  await copyRows(
    client,
    `ops.alert (id, rule, account_id, score, status, opened_at, last_hit_at, hits, claimed_by, claimed_at, snoozed_until, outcome, decided_by, decided_at, case_id,
      changed_at, version)`,
    alerts.map(alertRow(now)),
  );
  await copyRows(
    client,
    'ops.rule_hit (rule, rule_version, account_id, last_id, transaction_ids, observed, parameters, words, score, at, found_at, alert_id)',
    alerts.flatMap(hitRows),
  );
  await copyRows(
    client,
    'ops.alert_snooze (rule, account_id, until, note, set_by, set_at)',
    alerts
      .filter(({ end }) => end.kind === 'snoozed')
      .map(({ alert, past }) => [
        alert.rule.id, past.account, instant(now + 5 * wholeDay), 'The customer answers in writing by the end of next week', operatorId('ravi'), instant(now - wholeDay),
      ]), // prettier-ignore
  );
  await copyRows(
    client,
    'ops.note (entity, entity_id, text, written_by, written_at)',
    notesOf(alerts, cases, now).map(([entity, id, text, by, at]) => [entity, id, text, by, instant(at)]),
  );
  await client.query(link);
  await client.query(mark);
};

/** What was raised, decided and investigated before today. Asks the rules themselves, so that their indexes must be there. */
export const fillAlerts = async (client: Direct, now: number): Promise<void> => {
  const ended = endsOf(await pastCases(client));
  for (const table of tables) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await write(client, ended, now);
  for (const table of tables) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
};
