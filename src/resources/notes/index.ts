import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Jump } from '../../kit/define-resource.ts';
import { notePage, type NoteRow } from './queries.ts';

/** The pane of each kind of record; what was noted on any other leads nowhere. */
const panes: Readonly<Record<string, string>> = {
  account: 'accounts', user: 'users', transaction: 'transactions', session: 'sessions', 'sign-in': 'sign-ins', audit: 'audit', role: 'roles', permission: 'permissions',
  review: 'reviews', 'review-item': 'review-items', operator: 'operators', 'developer-grant': 'developer-grants', approval: 'inbox', incident: 'incidents',
  'ip-rule': 'ip-rules', invite: 'invites', setting: 'settings', notice: 'notices', event: 'events', alert: 'alerts', case: 'cases', dispute: 'disputes', rule: 'rules',
  'security-event': 'security', flow: 'flows', limit: 'limits', 'incident-step': 'incident-steps', 'incident-notice': 'incident-notices', 'daily-review': 'daily',
  'daily-item': 'daily-items', handover: 'handovers',
}; // prettier-ignore

/** The field that finds a record by its id, where it is not called so. */
const fields: Readonly<Record<string, string>> = { audit: 'seq', approval: 'number', notice: 'number', 'review-item': 'item' };

const toRecord = ({ entity, entityId }: NoteRow): Jump | undefined => {
  const resource = panes[entity];
  return resource === undefined ? undefined : { resource, filter: `${fields[entity] ?? 'id'}=${entityId}` };
};
const toAny =
  (wanted: string) =>
  (note: NoteRow): Jump | undefined =>
    note.entity === wanted ? toRecord(note) : undefined;

export const notes = defineResource<NoteRow, undefined>({
  id: 'notes',
  title: 'Notes',
  entity: 'note',
  aliases: ['note'],
  permission: 'note.read',
  page: notePage,
  since: 'at',
  nameOf: note => `note ${note.id}`,

  columns: [
    { title: 'Written', width: 11, sort: 'at', cell: note => formatShortInstant(note.at), value: note => isoInstant(note.at) },
    { title: 'By', width: 12, cell: note => note.by },
    { title: 'On', width: 20, cell: note => `${note.entity} ${note.entityId}` },
    { title: 'Note', width: 'fill', cell: note => note.text },
  ],

  veil: (note, may) => (may(note.needs) ? note : { ...note, text: `not shown: it takes the permission ${note.needs}` }),
  relate: async () => undefined,
  detail: note => [
    {
      title: `Note ${note.id}`,
      lines: [
        ['Written', `${formatInstant(note.at)} by ${note.by}`],
        ['On', `${note.entity} ${note.entityId}`],
        ['Note', note.text],
      ],
    },
  ],

  actions: {},
  jumps: { u: toAny('user'), a: toAny('account'), t: toAny('transaction') },
  open: toRecord,
});
