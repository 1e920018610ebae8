import { z } from 'zod';
import { parseRecords, type IncidentStatus } from '../../domain/incident.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findIncident, recordsNamed, type IncidentRow, type LinkedRecord } from './queries.ts';

/** Names the incident; filled from the record, or given as a flag. */
export const IncidentId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Incident' });

/** Records as a person names them. */
export const Records = z
  .string()
  .trim()
  .max(8_000, 'takes at most 8,000 characters')
  .meta({ title: 'Accounts, user:name, alert:1, case:1' });

/** Why an incident is in none of the states that something needs. */
export const whyNotIn =
  (...states: readonly IncidentStatus[]) =>
  (incident: IncidentRow): string | undefined =>
    states.includes(incident.status) ? undefined : `incident ${incident.id} is ${incident.status}, not ${states.join(' or ')}`;

/** Whether anything can still be changed about what it is. */
export const whyOver = whyNotIn('open', 'contained');

/** The incident if it exists and the rule has nothing against it. */
export const incidentFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (incident: IncidentRow) => string | undefined,
): Promise<Outcome<IncidentRow>> => {
  const incident = await findIncident(db, id);
  if (!incident) return notFound(`there is no incident ${id}`);
  const objection = whyNot(incident);
  return objection === undefined ? done(incident) : conflict(objection);
};

/** How audit and confirmation name an incident. */
export const incidentTarget = (incident: IncidentRow): Target => ({
  id: String(incident.id),
  label: incident.title,
  version: incident.version,
});

/** The records that somebody named, or a refusal that says which there is not. */
export const recordsFor = async (typed: string | undefined, { db }: Context): Promise<Outcome<readonly LinkedRecord[]>> => {
  const named = parseRecords(typed ?? '');
  if (!named.ok || named.value.length === 0) return named.ok ? done([]) : named;
  const found = await recordsNamed(db, named.value);
  const missing = named.value.find((_, index) => found[index] === undefined);
  if (missing) return notFound(`there is no ${missing.entity} ${missing.name}`);
  return done(found.flatMap(record => (record ? [record] : [])));
};
