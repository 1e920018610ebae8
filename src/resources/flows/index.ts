import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { commandOf, flowNamed } from '../../domain/flow.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { whyNotClose } from './close.ts';
import { flowPage, stepsOf, type FlowRow, type WalkedStep } from './queries.ts';

const titleOf = ({ flow }: FlowRow): string => flowNamed(flow)?.title ?? flow;

const detail = (flow: FlowRow, steps: readonly WalkedStep[]): readonly DetailSection[] => [
  {
    title: `#${flow.id} ${titleOf(flow)}`,
    lines: [
      ['About', `${flow.kind} ${flow.subject}`],
      ['Begun', `${formatInstant(flow.begunAt)} by ${flow.begunBy}`],
      ...(flow.eventId === null ? [] : [['Event', `security event #${flow.eventId}`] as const]),
      flow.closedAt
        ? ['Closed', `${formatInstant(flow.closedAt)} by ${flow.closedBy ?? '-'}`]
        : ['Closed', 'no: Enter leads to its steps', 'warn'],
      ...(flow.findings === null ? [] : [['Findings', flow.findings] as const]),
    ],
  },
  {
    title: 'Steps',
    table: {
      columns: ['No', 'Step', 'State', 'By', 'What'],
      rows: steps.map(({ number, step, standing }) => [String(number), step.title, standing.state, standing.by ?? '-', standing.why]),
    },
  },
  ...(flow.closedAt
    ? []
    : [
        {
          title: 'By command',
          lines: steps
            .filter(({ standing }) => standing.state === 'to do')
            .map(walked => [`${walked.number}`, commandOf(walked.step, walked.about)] as const),
        },
      ]),
];

export const flowsPane = defineResource<FlowRow, readonly WalkedStep[]>({
  id: 'flows',
  title: 'Walkthroughs',
  entity: 'flow',
  aliases: ['walkthroughs', 'walk-throughs', 'flow'],
  permission: 'security.read',
  page: flowPage,
  since: 'begun',
  empty: [
    'Nobody walks through anything.',
    'x n begins: unauthorised access to a user, misuse of the developer role, a fault of a host, a full recovery.',
  ],
  nameOf: flow => `#${flow.id} ${flow.subject}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: flow => String(flow.id) },
    { title: 'Walkthrough', width: 20, cell: titleOf },
    { title: 'About', width: 'fill', cell: flow => `${flow.kind} ${flow.subject}` },
    {
      title: 'Status',
      width: 6,
      cell: ({ closedAt }) => (closedAt ? 'closed' : 'open'),
      tone: ({ closedAt }) => (closedAt ? 'dim' : 'warn'),
    },
    { title: 'Begun', width: 11, sort: 'begun', cell: flow => formatShortInstant(flow.begunAt), value: flow => isoInstant(flow.begunAt) },
    { title: 'By', width: 10, cell: flow => flow.begunBy },
    { title: 'Event', width: 6, align: 'right', priority: 2, cell: ({ eventId }) => (eventId === null ? '-' : `#${eventId}`) },
    { title: 'Closed', width: 11, priority: 2, cell: flow => formatShortInstant(flow.closedAt), value: flow => isoInstant(flow.closedAt) },
  ],

  relate: stepsOf,
  detail,
  open: flow => ({ resource: 'flow-steps', filter: `flow=${flow.id}` }),

  actions: { c: on('flows.close', whyNotClose) },
  general: { n: { action: 'flows.begin', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: flow => ({ resource: `${flow.kind}s`, filter: `id=${flow.subjectId}` }),
    l: flow => ({ resource: 'audit', filter: `entity=${flow.kind} record=${flow.subjectId}` }),
  },
});
