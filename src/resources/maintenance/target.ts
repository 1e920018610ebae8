import { z } from 'zod';
import { formatInstant, parseSpan } from '../../domain/day.ts';
import { conflict, done, invalid, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import type { SmallTable } from '../../kit/define-resource.ts';
import { findMaintenance, type MaintenanceRow, type Present } from './queries.ts';

export const MaintenanceId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Window' });
/** How long, as `30m` or `2h`. */
export const Lasting = z.string().trim().default('30m').meta({ title: 'For, such as 30m or 2h' });

const longest = 7 * 86_400;

/** Seconds of a length of time; a week at most. */
export const secondsOf = (typed: string): Outcome<number> => {
  const span = parseSpan(typed);
  if (!span.ok) return span;
  return span.value > 0 && span.value <= longest ? span : invalid(`a window lasts between a minute and a week, not ${typed}`);
};

export const whyOver = ({ state }: MaintenanceRow): string | undefined =>
  state === 'on' || state === 'planned' ? undefined : `this maintenance is ${state}`;

/** A window that is on or still to come. */
export const openWindow = async (id: bigint, { db }: Context): Promise<Outcome<MaintenanceRow>> => {
  const row = await findMaintenance(db, id);
  if (!row) return notFound(`there is no maintenance ${id}`);
  const objection = whyOver(row);
  return objection === undefined ? done(row) : conflict(objection);
};

export const windowTarget = ({ id, version }: MaintenanceRow): Target => ({ id: String(id), label: 'maintenance', version });

/** What is typed to agree to a window that is not there yet. */
export const newWindow: Target = { id: 'new', label: 'maintenance', version: 0 };

export const windowWords = ({ fromAt, until }: MaintenanceRow): string => `${formatInstant(fromAt)} to ${formatInstant(until)} UTC`;

/** People who are there now: they change by the second, so they stand beside what is agreed to and not in it. */
export const presentTable = ({ users, active, operators }: Present): { readonly title: string; readonly table: SmallTable } => ({
  title: 'Sessions now',
  table: {
    columns: ['Whose', 'Open'],
    rows: [
      ['users of the platform', users.toLocaleString('en')],
      ['of them seen within 15 minutes', active.toLocaleString('en')],
      ['operators of this console, who stay', operators.toLocaleString('en')],
    ],
  },
});

/** What maintenance mode means, before it is agreed to. */
export const meaningOf = (message: string): readonly string[] => [
  'the platform answers all but its staff with 503 and this message:',
  message,
  'it reads that from the database at each request, and needs no job to begin or to end',
  'where it reads a file instead, the runbook maintenance-on (x f) writes it on each of its hosts',
  'nobody is signed out; postings that were begun are finished',
];
