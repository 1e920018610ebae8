import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { draftPage, recipientsOf, type DraftRow } from './queries.ts';
import { whyNoDraft } from './target.ts';

const tones = { draft: 'info', sent: 'good', discarded: 'dim' } as const;

export const incidentNotices = defineResource<DraftRow, readonly string[]>({
  id: 'incident-notices',
  title: 'Incident notices',
  entity: 'incident-notice',
  aliases: ['drafts'],
  nested: true,
  permission: 'incident.read',
  page: draftPage,
  since: 'drafted',
  nameOf: draft => `notice ${draft.id} to ${draft.audience}`,

  columns: [
    { title: 'No', width: 5, align: 'right', cell: draft => String(draft.id) },
    { title: 'Incident', width: 8, align: 'right', cell: draft => `#${draft.incidentId}` },
    { title: 'To', width: 10, cell: draft => draft.audience },
    { title: 'Status', width: 9, cell: draft => draft.status, tone: draft => tones[draft.status] },
    { title: 'Text', width: 'fill', cell: draft => draft.body },
    {
      title: 'Drafted',
      width: 11,
      sort: 'drafted',
      priority: 2,
      cell: draft => formatShortInstant(draft.draftedAt),
      value: draft => isoInstant(draft.draftedAt),
    },
    { title: 'By', width: 10, priority: 2, cell: draft => draft.draftedBy },
  ],

  relate: (db, draft) => (draft.status === 'draft' ? recipientsOf(db, draft.id) : Promise.resolve([])),
  detail: (draft, recipients) => [
    {
      title: 'Notice',
      lines: [
        ['To', draft.audience],
        ['Status', draft.status, tones[draft.status]],
        ['Recipients', String(draft.status === 'draft' ? recipients.length : draft.recipients)],
        ['Incident', draft.incident],
        ['Drafted', `${formatInstant(draft.draftedAt)} by ${draft.draftedBy}`],
        ...(draft.settledAt
          ? [[draft.status === 'sent' ? 'Sent' : 'Discarded', `${formatInstant(draft.settledAt)} by ${draft.settledBy ?? '-'}`] as const]
          : []),
        ['Text', draft.body],
      ],
    },
  ],

  actions: {
    s: on('incident-notices.send', whyNoDraft),
    e: { ...on<DraftRow>('incident-notices.edit', whyNoDraft), inputFrom: draft => ({ id: String(draft.id), text: draft.body }) },
    d: on('incident-notices.discard', whyNoDraft),
  },
  jumps: { l: draft => ({ resource: 'audit', filter: `entity=incident-notice record=${draft.id}` }) },
});
