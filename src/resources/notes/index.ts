import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, type Jump } from '../../kit/define-resource.ts';
import { notePage, type NoteRow } from './queries.ts';

/** The pane of each kind of record, and the field that finds it there. */
const places: Readonly<Record<string, readonly [resource: string, field: string]>> = {
  account: ['accounts', 'id'], user: ['users', 'id'], transaction: ['transactions', 'id'], session: ['sessions', 'id'], 'sign-in': ['sign-ins', 'id'], audit: ['audit', 'seq'],
  role: ['roles', 'id'], permission: ['permissions', 'id'], review: ['reviews', 'id'], 'review-item': ['review-items', 'item'], operator: ['operators', 'id'],
  'developer-grant': ['developer-grants', 'id'], approval: ['inbox', 'number'], incident: ['incidents', 'id'], 'ip-rule': ['ip-rules', 'id'], invite: ['invites', 'id'],
  setting: ['settings', 'id'], notice: ['notices', 'number'], event: ['events', 'id'], alert: ['alerts', 'id'], case: ['cases', 'id'], dispute: ['disputes', 'id'],
  rule: ['rules', 'id'], 'security-event': ['security', 'id'],
}; // prettier-ignore

const toRecord = ({ entity, entityId }: NoteRow): Jump | undefined => {
  const place = places[entity];
  return place && { resource: place[0], filter: `${place[1]}=${entityId}` };
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
