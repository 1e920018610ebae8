import type { Typed } from '../../src/kit/request.ts';
import { accessSubjects, accessSubjectsOfTwo } from './access-subjects.ts';
import type { Bank, TestOperator } from './acting.ts';
import type { ActingBank } from './acting-session.ts';
import { alertSubjects, alertSubjectsOfTwo } from './alert-subjects.ts';
import { backupSubjects } from './backup-subjects.ts';
import { bankSubjects, bankSubjectsOfTwo } from './bank-subjects.ts';
import { disputeSubjects, disputeSubjectsOfTwo } from './dispute-subjects.ts';
import { dailySubjects } from './daily-subjects.ts';
import { incidentSubjects, incidentSubjectsOfTwo } from './incident-subjects.ts';
import { hostSubjects } from './host-subjects.ts';
import { cleanupSubjects, cleanupSubjectsOfTwo } from './cleanup-subjects.ts';
import { maintenanceSubjects } from './maintenance-subjects.ts';
import { noteSubjects } from './note-subjects.ts';
import { requestSubjects } from './request-subjects.ts';
import { scheduleSubjects, scheduleSubjectsOfTwo } from './schedule-subjects.ts';
import { securitySubjects } from './security-subjects.ts';
import { upkeepSubjects, upkeepSubjectsOfTwo } from './upkeep-subjects.ts';

/** Makes a record that the action can be done to, and gives what a person types; `doer` is who did, or asked for, what is taken back. */
export type Prepare = (world: ActingBank, doer: TestOperator) => Promise<Typed>;

/** One for every action of the registry; a test fails where one is missing. */
export const subjects: Readonly<Record<string, Prepare>> = {
  ...bankSubjects,
  ...accessSubjects,
  ...requestSubjects,
  ...disputeSubjects,
  ...noteSubjects,
  ...hostSubjects,
  ...backupSubjects,
  ...maintenanceSubjects,
  ...cleanupSubjects,
  ...dailySubjects,
  ...securitySubjects,
  ...incidentSubjects,
  ...alertSubjects,
  ...scheduleSubjects,
  ...upkeepSubjects,
};

/** For actions that take two people only by what is changed: so that they do. */
export const subjectsOfTwo: Readonly<Record<string, Prepare>> = {
  ...bankSubjectsOfTwo,
  ...accessSubjectsOfTwo,
  ...disputeSubjectsOfTwo,
  ...alertSubjectsOfTwo,
  ...incidentSubjectsOfTwo,
  ...cleanupSubjectsOfTwo,
  ...scheduleSubjectsOfTwo,
  ...upkeepSubjectsOfTwo,
};

/** A fingerprint of every table, by name; or of those that are named. */
export const tables = async (bank: Bank, only?: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const names = await bank.rows<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform') ORDER BY 1`,
  );
  const each = names
    .filter(({ name }) => only?.includes(name) ?? true)
    .map(({ name }) => `SELECT '${name}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS print FROM ${name} t`);
  const prints = await bank.rows<{ name: string; print: string }>(`${each.join(' UNION ALL ')} ORDER BY name`);
  return Object.fromEntries(prints.map(({ name, print }) => [name, print]));
};

/** The tables that are not as they were. */
export const changed = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(after)
    .filter(name => before[name] !== after[name])
    .toSorted();
