import { z } from 'zod';
import { countOf } from '../../domain/incident.ts';
import { Note } from '../../domain/note.ts';
import { done, invalid } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { accountsWith, linkTo, unlinkFrom, type Affected, type IncidentRow, type LinkedRecord } from './queries.ts';
import { IncidentId, incidentFor, incidentTarget, Records, recordsFor, whyOver } from './target.ts';

const input = z.object({ id: IncidentId, records: Records.min(1, 'is missing'), note: Note });

type Facts = { readonly incident: IncidentRow; readonly records: readonly LinkedRecord[]; readonly accounts: readonly Affected[] };
const shown = 12;

const some = (names: readonly string[]): string =>
  names.length <= shown ? names.join(', ') : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;

const named = (records: readonly LinkedRecord[]) => records.map(({ entity, id }) => `${entity} ${id}`);

export const linkRecords = defineAction<typeof input, Facts>({
  id: 'incidents.link',
  title: 'Link affected records',
  past: 'linked to',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident',
  input,

  gather: async ({ id, records: typed }, context) => {
    const incident = await incidentFor(id, context, whyOver);
    if (!incident.ok) return incident;
    const records = await recordsFor(typed, context);
    if (!records.ok) return records;
    if (records.value.length === 0) return invalid('no record is named');
    return done({ incident: incident.value, records: records.value, accounts: await accountsWith(context.db, records.value, id) });
  },
  target: ({ incident }) => incidentTarget(incident),
  preview: ({ incident, records, accounts }) => [
    `${countOf(records.length, 'record')} linked to incident ${incident.id} (${incident.title})`,
    accounts.length === 0 ? 'no account comes with them' : `accounts that are affected: ${some(accounts.map(({ number }) => number))}`,
    'what was linked before stays linked',
  ],

  execute: async ({ incident, records }, _input, { db }) => {
    const linked = await linkTo(db, incident.id, records);
    return { summary: `linked ${countOf(linked, 'record')} to incident ${incident.id}`, new: { records: named(records), linked } };
  },
  waysBack: ({ incident, accounts }, { records, note }) => {
    const others = records.split(/[\s,;]+/).filter(word => /^(?!account:)[a-z-]+:/.test(word));
    const fresh = accounts.flatMap(({ number, linked }) => (linked ? [] : [number]));
    const back = [...others, ...fresh].join(' ');
    if (back === '') return [];
    return [{ action: 'incidents.unlink', input: { id: String(incident.id), records: back, note: `undone: ${note}`.slice(0, 2_000) } }];
  },
});

export const unlinkRecords = defineAction<typeof input, Omit<Facts, 'accounts'>>({
  id: 'incidents.unlink',
  title: 'Take records out again',
  past: 'taken out of',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident',
  input,

  gather: async ({ id, records: typed }, context) => {
    const incident = await incidentFor(id, context, whyOver);
    if (!incident.ok) return incident;
    const records = await recordsFor(typed, context);
    return records.ok ? done({ incident: incident.value, records: records.value }) : records;
  },
  target: ({ incident }) => incidentTarget(incident),
  preview: ({ incident, records }) => [
    `${countOf(records.length, 'record')} no longer linked to incident ${incident.id}; what was done stays done`,
    'accounts that came with a record stay, unless they are named themselves',
  ],

  execute: async ({ incident, records }, _input, { db }) => {
    const removed = await unlinkFrom(db, incident.id, records);
    return {
      summary: `took ${countOf(removed, 'record')} out of incident ${incident.id}`,
      old: { records: named(records) },
      new: { removed },
    };
  },
  waysBack: ({ incident }, { records, note }) => [
    { action: 'incidents.link', input: { id: String(incident.id), records, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
