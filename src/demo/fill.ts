import { copyRows, type Direct } from '../database/direct.ts';
import { fillAccess } from './access.ts';
import type { BankPlan } from './bank-plan.ts';
import { fillEvents } from './events.ts';
import { writeHistory, type History } from './history.ts';
import { fillGrantedLimits } from './granted-limits.ts';
import { fillInvitesAndRules } from './invites-and-rules.ts';
import { planFlags, planHolds } from './marks.ts';
import { fillNotices } from './notices.ts';
import { demoOperators } from './operators.ts';
import { fillRecordNotes } from './record-notes.ts';
import { fillSettings } from './settings.ts';
import { fillRequests } from './requests.ts';
import { fillSchedule } from './schedule.ts';
import { planSessions, signIns } from './sign-ins.ts';
import * as tables from './tables.ts';

/** How many rows went where. */
export type Filled = {
  readonly transactions: number;
  readonly documents: number;
  readonly signIns: number;
  readonly sessions: number;
  readonly refusals: number;
  readonly holds: number;
  readonly flags: number;
};

function* mapped<From, To>(items: Iterable<From>, change: (item: From, index: number) => To): Generator<To> {
  let index = 0;
  for (const item of items) yield change(item, index++);
}

const fillOperators = async (client: Direct): Promise<void> => {
  await copyRows(
    client,
    'ops.operator (id, name, display_name, email)',
    demoOperators.map(({ name, displayName }, index) => [index + 1, name, displayName, `${name}@bank.example`]),
  );
  await copyRows(
    client,
    'ops.operator_role (operator_id, role)',
    demoOperators.flatMap(({ roles }, index) => roles.map(role => [index + 1, role])),
  );
};

/** Sign-ins go first: users carry the time of their last one. */
const fillPeople = async (client: Direct, { people, cases, days, now, midnight, seed, scale }: BankPlan) => {
  const lastLogin = new Float64Array(people.length + 1);
  const events = mapped(signIns({ people, cases: cases.cases, days, now, seed, transactions: scale.transactions }), (event, index) => {
    if (event.type === 'login_success' && event.person) lastLogin[event.person.id] = event.at;
    return tables.signInRow(event, index);
  });
  const written = await copyRows(client, tables.signInColumns, events);
  await copyRows(
    client,
    tables.userColumns,
    mapped(people, person => tables.userRow(person, lastLogin[person.id] ?? 0)),
  );
  const documents = await copyRows(client, tables.documentColumns, tables.documentRows(people, midnight));
  const sessions = await copyRows(client, tables.sessionColumns, mapped(planSessions(people, now, seed), tables.sessionRow));
  return { signIns: written, documents, sessions };
};

const fillMarks = async (client: Direct, { accounts, cases, midnight, seed }: BankPlan, { notable, refusals }: History) => {
  const inOrder = refusals.toSorted((a, b) => a.at - b.at);
  return {
    refusals: await copyRows(client, tables.refusalColumns, mapped(inOrder, tables.refusalRow)),
    holds: await copyRows(client, tables.holdColumns, mapped(planHolds(accounts, midnight, seed), tables.holdRow)),
    flags: await copyRows(client, tables.flagColumns, mapped(planFlags(notable, cases.cases, midnight), tables.flagRow)),
  };
};

/** What was used of the limits on the running day and the one before. */
const countLimits = `
  INSERT INTO bank.limit_counter (account_id, type, day, used, max)
  SELECT a.id, t.type, t.business_day, sum(t.amount), (bank.limits_of(a, t.type)).daily
    FROM bank.transaction t JOIN bank.account a ON a.id = CASE WHEN t.type = 'deposit' THEN t.to_account_id ELSE t.from_account_id END
   WHERE t.type <> 'reversal' AND t.business_day >= bank.business_day($1) - 1
   GROUP BY a.id, t.type, t.business_day`;

/** Which planted case is where, for the tests of detection. */
const plantedCases = ({ cases: { cases } }: BankPlan, { notable }: History) => {
  const ids = Map.groupBy(notable, ({ plantedIn }) => plantedIn);
  return cases.flatMap(({ rule, account, fresh, script }, index) => {
    const posted = ids.get(index) ?? [];
    return posted.length === script.postings.length
      ? [{ rule, account: account.id, fresh, at: new Date(posted.at(-1)?.at ?? 0), transactions: posted.map(({ id }) => id) }]
      : [];
  });
};

/** Copies the whole bank into empty tables. `onTransactions` hears how many are there. */
export const fillBank = async (client: Direct, plan: BankPlan, onTransactions: (count: number) => void): Promise<Filled> => {
  await fillOperators(client);
  const history = writeHistory({ ...plan, transactions: plan.scale.transactions });
  const transactions = await copyRows(client, tables.transactionColumns, mapped(history.rows, tables.transactionRow), onTransactions);
  await copyRows(
    client,
    tables.accountColumns,
    mapped(plan.accounts, account => tables.accountRow(account, history.ledger.balance(account.id))),
  );
  const people = await fillPeople(client, plan);
  await fillAccess(client, plan);
  await copyRows(
    client,
    tables.overrideColumns,
    mapped(plan.overrides, (override, index) =>
      tables.overrideRow(override, index, plan.accounts[override.account - 1]?.openedAt ?? plan.midnight),
    ),
  );
  await fillGrantedLimits(client, plan);
  const marks = await fillMarks(client, plan, history);
  await fillSettings(client, plantedCases(plan, history), plan.midnight);
  await fillInvitesAndRules(client, plan.people, plan.midnight, plan.seed);
  await fillNotices(client, plan.seed);
  await fillRequests(client, plan.now);
  await fillEvents(client, plan.now, plan.seed);
  await fillRecordNotes(client, plan.now);
  await fillSchedule(client, plan.now);
  await client.query('INSERT INTO platform.demo_marker (seed, scale) VALUES ($1, $2)', [plan.seed, plan.scale.transactions]);
  return { transactions, ...people, ...marks };
};

/** Limits of the running day, once indexes are back. */
export const fillCounters = async (client: Direct, { now }: BankPlan): Promise<void> => {
  await client.query(countLimits, [new Date(now)]);
};
