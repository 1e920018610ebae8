import type { DetailLine } from '../../kit/define-resource.ts';
import type { SecurityRow } from './queries.ts';

const said = (text: string): DetailLine => ['', text];

/** A name as a filter takes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '')}"`;

const walk = ({ flowId }: SecurityRow, what: string): string =>
  flowId === null
    ? `x f begins the walkthrough "${what}", which keeps count of what was done`
    : `Enter: walkthrough #${flowId} is under way`;

const aboutSignIns = (event: SecurityRow): readonly string[] => [
  't looks at the sign-ins behind it: did somebody get in?',
  ...(event.ip === null ? [] : [`x b blocks ${event.ip}, for a day unless you say otherwise`]),
  ...(event.userId === null ? [] : [`u looks at ${event.username ?? 'the user'}; x l locks, x o ends every session`]),
  ...(event.userId === null ? [] : [walk(event, 'Unauthorised access')]),
];

const aboutOperator = (event: SecurityRow): readonly string[] => [
  `l reads what ${event.operator ?? 'they'} did around that time`,
  `u looks at ${event.operator ?? 'the operator'}: roles, sessions, who gave them`,
  ...(event.operator === null ? [] : [walk(event, 'Developer misuse')]),
];

const byKind = (event: SecurityRow): readonly string[] => {
  if (event.kind === 'abuse') return [`u looks at ${event.username ?? 'the user'}; x l locks while you ask what they did`];
  if (event.kind === 'brute force' && event.userId === null && event.summary.includes('this console'))
    return ['l reads the refused sign-ins', 'x b blocks the address; choose "admin" or "everything", for it is this console that is tried'];
  return event.operator === null ? aboutSignIns(event) : aboutOperator(event);
};

/** What somebody who is woken by it does, in this order. */
export const nextSteps = (event: SecurityRow): readonly DetailLine[] =>
  [...byKind(event), 'x a acknowledges it, with what you found'].map((text, index): DetailLine => [`${index + 1}.`, said(text)[1]]);
