import { formatShortInstant, isoInstant } from '../../domain/day.ts';
import type { StepState } from '../../domain/flow.ts';
import { hostFieldOf, hostKeys } from '../../domain/host-flows.ts';
import { defineResource, on, type Binding, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { stepPage, type StepRow } from './queries.ts';
import { whyNotSettle } from './settle.ts';

const tones: Readonly<Record<StepState, Tone>> = { 'to do': 'warn', done: 'good', noted: 'good', 'is so': 'good' };
const ticks: Readonly<Record<StepState, string>> = { 'to do': '[ ]', done: '[x]', noted: '[x]', 'is so': '[x]' };

/** What to press, standing on the step. */
const keysOf = ({ look, acts }: StepRow): string => (look ? 'Enter' : acts.map(({ key }) => `x ${key}`).join(' or '));

const whyNotHere =
  (kind: StepRow['kind']) =>
  ({ closed, flowId }: StepRow): string | undefined =>
    closed ? `walkthrough #${flowId} is closed: it is done in the pane ${kind}s` : undefined;

/** What is done to whom the walkthrough is about, from any of its steps, with the keys that it has in its own pane where they are free. */
const toSubject = (kind: StepRow['kind'], action: string): Binding<StepRow> => ({
  action,
  single: true,
  fits: row => row.kind === kind,
  // A user's number is an operator's as well: never the one's for the other
  inputFrom: row => ({ id: row.kind === kind ? String(row.subjectId) : '' }),
  whyNot: whyNotHere(kind),
});

/** A runbook on the host that the walkthrough is about, offered on the steps that it helps. */
const onHost = (action: string): Binding<StepRow> => ({
  action,
  single: true,
  fits: row => row.kind === 'host' && row.acts.some(act => act.action === action),
  inputFrom: row => ({ [hostFieldOf(action)]: row.kind === 'host' ? row.subject : '' }),
  whyNot: ({ closed, flowId }) => (closed ? `walkthrough #${flowId} is closed: it is done in the pane runs` : undefined),
});
const onHosts = Object.fromEntries(Object.values(hostKeys).map(({ key, id }) => [key, onHost(`runbooks.${id}`)]));

const detail = (step: StepRow): readonly DetailSection[] => [
  {
    title: `${step.number}. ${step.title}`,
    lines: [
      ['About', `${step.kind} ${step.subject}, walkthrough #${step.flowId}`],
      ['What to do', step.words],
      [
        'Here',
        step.look
          ? `Enter leads to ${step.look.resource} ${step.look.filter}; x k notes what you found`
          : `${keysOf(step)}; x k notes why it is left out`,
      ],
      ['By command', step.command],
    ],
  },
  {
    title: 'How it stands',
    lines: [
      ['State', step.state, tones[step.state]],
      ...(step.why === '' ? [] : [['What', step.why] as const]),
      ...(step.by === null ? [] : [['By', `${step.by} ${formatShortInstant(step.at)}`] as const]),
    ],
  },
];

/** A guided walkthrough: in order, each step one key away, ticked by what was done since it began. */
export const flowSteps = defineResource<StepRow, undefined>({
  id: 'flow-steps',
  title: 'Walkthrough steps',
  entity: 'flow-step',
  aliases: ['flow-step'],
  nested: true,
  permission: 'security.read',
  page: stepPage,
  empty: ['No walkthrough is open.', ':flows, then x n begins one.'],
  nameOf: step => `#${step.flowId} step ${step.number}`,

  columns: [
    { title: 'No', width: 3, align: 'right', sort: 'step', cell: step => String(step.number) },
    {
      title: 'Step',
      width: 38,
      cell: step => `${ticks[step.state]} ${step.title}`,
      value: step => step.title,
      tone: step => tones[step.state],
    },
    { title: 'Keys', width: 10, cell: keysOf },
    { title: 'State', width: 5, priority: 3, cell: step => step.state },
    { title: 'By', width: 8, cell: step => step.by ?? '-' },
    { title: 'At', width: 11, priority: 2, cell: step => formatShortInstant(step.at), value: step => isoInstant(step.at) },
    { title: 'How it stands', width: 'fill', priority: 2, cell: step => (step.state === 'to do' ? '-' : step.why) },
    { title: 'About', width: 20, priority: 3, cell: step => step.subject },
  ],

  relate: async () => undefined,
  detail,
  open: step => step.look,

  actions: {
    k: on('flow-steps.settle', whyNotSettle),
    d: toSubject('user', 'users.deactivate'),
    l: toSubject('user', 'users.lock'),
    o: toSubject('user', 'users.end-sessions'),
    b: {
      action: 'ip-rules.block',
      single: true,
      fits: row => row.kind === 'user',
      inputFrom: row => ({ network: row.address ?? '' }),
      whyNot: row => whyNotHere('user')(row) ?? (row.address === null ? 'no address failed within a week' : undefined),
    },
    p: toSubject('user', 'users.reset-password'),
    e: toSubject('operator', 'operators.end-developer'),
    s: toSubject('operator', 'operators.end-sessions'),
    x: toSubject('operator', 'operators.disable'),
    ...onHosts,
  },
  jumps: {
    u: step => ({ resource: `${step.kind}s`, filter: `id=${step.subjectId}` }),
    l: step => ({ resource: 'audit', filter: `entity=${step.kind} record=${step.subjectId}` }),
  },
});
