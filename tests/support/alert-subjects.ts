import type { Bank, TestOperator } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

export type AlertWish = {
  readonly status?: 'open' | 'in review' | 'dismissed' | 'escalated';
  readonly score?: number;
  readonly rule?: number;
  readonly account?: string;
  /** Who claimed or decided it. */
  readonly by?: Pick<TestOperator, 'id'>;
  readonly caseId?: string;
};

/** An alert as detection would have raised it, and as somebody would have left it. */
export const anAlert = async (bank: Bank, wish: AlertWish = {}): Promise<string> => {
  const { status = 'open', score = 55, rule = 5, account = (await bank.account()).id, by = bank.one, caseId = null } = wish;
  const decided = status === 'dismissed' || status === 'escalated';
  const claimed = status === 'open' ? null : by.id;
  return planted(
    bank,
    `INSERT INTO ops.alert (rule, account_id, score, status, claimed_by, claimed_at, decided_by, decided_at, outcome, case_id)
     VALUES ($1, $2, $3, $4, $5, CASE WHEN $5::bigint IS NOT NULL THEN now() END, $6, CASE WHEN $6::bigint IS NOT NULL THEN now() END, $7, $8)`,
    [
      rule,
      account,
      score,
      status,
      claimed,
      decided ? by.id : null,
      status === 'dismissed' ? 'false positive' : null,
      status === 'escalated' ? (caseId ?? (await aCase(bank, {}))) : null,
    ],
  );
};

export type CaseWish = {
  readonly status?: 'open' | 'investigating' | 'suspended' | 'pending approval' | 'confirmed' | 'refuted' | 'inconclusive';
  readonly account?: string;
  readonly by?: Pick<TestOperator, 'id'>;
};

export const aCase = (bank: Bank, { status = 'open', account, by = bank.one }: CaseWish): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.case_file (title, account_id, status, opened_by, assigned_to, finding)
     VALUES ($1, $2, $3, $4, CASE WHEN $3 <> 'open' THEN $4::bigint END, CASE WHEN $3 IN ('confirmed', 'refuted', 'inconclusive') THEN 'found by a test' END)`,
    [unique('A case of a test '), account ?? null, status, by.id],
  );

/** Silences what an alert's rule says of its account. */
const snoozed = async (bank: Bank, alert: string): Promise<void> => {
  await bank.behindItsBack(
    `INSERT INTO ops.alert_snooze (rule, account_id, until, note, set_by) SELECT rule, account_id, now() + interval '5 days', 'planted by a test', $2 FROM ops.alert WHERE id = $1`,
    [alert, bank.two.id],
  );
  await bank.behindItsBack(`UPDATE ops.alert SET snoozed_until = now() + interval '5 days' WHERE id = $1`, [alert]);
};

/** What is done to alerts and cases. */
export const alertSubjects: Readonly<Record<string, Prepare>> = {
  'alerts.claim': async ({ bank }) => ({ id: await anAlert(bank), note }),
  'alerts.claim-next': async ({ bank }) => {
    await anAlert(bank);
    return { note };
  },
  'alerts.release': async ({ bank }, doer) => ({ id: await anAlert(bank, { status: 'in review', by: doer }), note }),
  'alerts.snooze': async ({ bank }, doer) => ({ id: await anAlert(bank, { status: 'in review', by: doer }), note }),
  'alerts.unsnooze': async ({ bank }) => {
    const id = await anAlert(bank);
    await snoozed(bank, id);
    return { id, note };
  },
  'alerts.dismiss': async ({ bank }, doer) => ({
    id: await anAlert(bank, { status: 'in review', by: doer }),
    outcome: 'false positive',
    note,
  }),
  'alerts.escalate': async ({ bank }, doer) => ({ id: await anAlert(bank, { status: 'in review', by: doer }), note }),
  'alerts.reopen': async ({ bank }, doer) => ({ id: await anAlert(bank, { status: 'dismissed', by: doer }), note }),
  'cases.open': async () => ({ title: unique('A case of a test '), note }),
  'cases.take': async ({ bank }) => ({ id: await aCase(bank, {}), note }),
  'cases.suspend': async ({ bank }, doer) => ({ id: await aCase(bank, { status: 'investigating', by: doer }), note }),
  'cases.resume': async ({ bank }, doer) => ({ id: await aCase(bank, { status: 'suspended', by: doer }), note }),
  'cases.link': async ({ bank }) => ({ id: await aCase(bank, {}), entity: 'account', record: (await bank.account()).number, note }),
  'cases.close': async ({ bank }, doer) => ({
    id: await aCase(bank, { status: 'investigating', by: doer }),
    finding: 'refuted',
    findings: note,
  }),
};

/** The same records as they must be for the action to take two people. */
export const alertSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'alerts.snooze': async ({ bank }, doer) => ({ id: await anAlert(bank, { status: 'in review', score: 95, by: doer }), note }),
  'alerts.dismiss': async ({ bank }, doer) => ({
    id: await anAlert(bank, { status: 'in review', score: 95, by: doer }),
    outcome: 'valuable',
    note,
  }),
  'alerts.reopen': async ({ bank }, doer) => ({
    id: await anAlert(bank, { status: 'dismissed', by: doer.id === bank.one.id ? bank.two : bank.one }),
    note,
  }),
};
