import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { stepWords } from '../../domain/incident.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { stepPage, type StepRow } from './queries.ts';
import { whyNotOpen, whyNotSettle } from './settle.ts';

const short = { 'first 15 minutes': '0-15 min', '15 to 60 minutes': '15-60 min', after: 'after' } as const;

export const incidentSteps = defineResource<StepRow, undefined>({
  id: 'incident-steps',
  title: 'Incident steps',
  entity: 'incident-step',
  aliases: ['steps'],
  nested: true,
  permission: 'incident.read',
  page: stepPage,
  since: 'due',
  nameOf: step => `step ${step.id} of incident #${step.incidentId}`,

  columns: [
    { title: 'No', width: 4, align: 'right', cell: step => String(step.id) },
    { title: 'Phase', width: 9, cell: step => short[step.phase], value: step => step.phase },
    { title: 'Step', width: 'fill', cell: step => step.title },
    {
      title: 'Due',
      width: 18,
      sort: 'due',
      cell: step => stepWords(step)[0],
      value: step => isoInstant(step.dueAt),
      tone: step => stepWords(step)[1],
    },
    { title: 'By', width: 10, priority: 3, cell: step => step.doneBy ?? '-' },
    { title: 'At', width: 11, priority: 3, cell: step => formatShortInstant(step.doneAt), value: step => isoInstant(step.doneAt) },
    { title: 'Note', width: 40, priority: 3, cell: step => step.note ?? '-' },
    { title: 'Incident', width: 8, align: 'right', priority: 3, cell: step => String(step.incidentId) },
  ],

  relate: async () => undefined,
  detail: step => [
    {
      title: 'Step',
      lines: [
        ['Step', step.title],
        ['Phase', step.phase],
        ['Due', formatInstant(step.dueAt)],
        ['State', ...stepWords(step)],
        ...(step.doneAt ? [[step.skipped ? 'Skipped' : 'Done', `${formatInstant(step.doneAt)} by ${step.doneBy ?? '-'}`] as const] : []),
        ...(step.note === null ? [] : [['Note', step.note] as const]),
      ],
    },
    {
      title: 'Incident',
      lines: [
        ['Number', String(step.incidentId)],
        ['Title', step.incident],
      ],
    },
  ],

  actions: {
    k: on('incident-steps.check', whyNotSettle),
    s: on('incident-steps.skip', whyNotSettle),
    u: on('incident-steps.uncheck', whyNotOpen),
  },
  jumps: {
    a: step => ({ resource: 'accounts', filter: `incident=${step.incidentId}` }),
    l: step => ({ resource: 'audit', filter: `entity=incident-step record=${step.id}` }),
  },
});
