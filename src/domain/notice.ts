import { formatInstant } from './day.ts';
import { markLookAlike } from './look-alike.ts';
import { alarmWords, type NoticeParameters, type NoticeTemplate, type StaffNotice } from './notice-parameters.ts';
import { safe } from './safe-text.ts';

export const noticeChannels = ['email', 'webhook', 'command'] as const;
/** A way out of the console. */
export type NoticeChannel = (typeof noticeChannels)[number];

/** Body as it is stored: where a secret belongs stands a placeholder. */
export type RenderedNotice = { readonly subject: string; readonly body: string };

type Fact = readonly [label: string, value: string | number | Date];
type Message = {
  readonly subject: string;
  /** Our own words only: what others said stands among the facts, in quotes. */
  readonly says: string;
  readonly facts: readonly Fact[];
  /** What to do with the secret that stands below this. */
  readonly secret?: string;
  readonly next: string;
};

/** UTF-16 units: even three octets each leave room for the label in the 998 octets of a line (RFC 5322, 2.1.1). */
const longestValue = 280;
const longestInSubject = 40;
const longestSubject = 150;
const ownNumber = 'For questions, speak to your bank on a number that you already know.';
const placeholder = '{secret}';
/** Labels stand before every value, so that no value can be a line of its own. */
const placeholderLine = /^ {2}\{secret\}$/m;

const quoted = (value: string, max = longestValue): string => `"${safe(value, { max }).replaceAll('"', "'")}"`;
const named = (value: string): string => quoted(markLookAlike(value), longestInSubject);
const minute = (instant: Date): string => `${formatInstant(instant).slice(0, 16)} UTC`;
/** Enough to know one's own account by, too little for anybody else. */
const ending = (account: string): string => `...${account.replaceAll(/[^0-9]/g, '').slice(-4)}`;

const staff = ({ environment, at }: StaffNotice, facts: readonly (readonly [label: string, value: string | Date])[]): readonly Fact[] => [
  ['Environment', environment],
  ['At', at],
  ...facts.map(([label, value]): Fact => [label, typeof value === 'string' ? markLookAlike(value) : value]),
];

const ownAccount = ({ name, account, at }: NoticeParameters['account-frozen'], when: string): readonly Fact[] => [
  ['For', name],
  ['Account', ending(account)],
  [when, at],
];

const messages: { readonly [T in NoticeTemplate]: (parameters: NoticeParameters[T]) => Message } = {
  'password-reset': ({ name, expires }) => ({
    subject: 'Choose a new password',
    says: 'A new password was asked for.',
    facts: [
      ['For', name],
      ['Valid until', expires],
    ],
    secret: 'Open this link to choose it. It works once:',
    next: 'Your old password no longer works. Give the link to nobody. If you did not expect this, speak to us on a number that you already know.',
  }),
  'account-frozen': parameters => ({
    subject: `Your account ${ending(parameters.account)} is frozen`,
    says: 'Your account is frozen. Deposits, withdrawals and transfers are refused until it is released; your balance stays on it.',
    facts: ownAccount(parameters, 'Since'),
    next: ownNumber,
  }),
  'account-unfrozen': parameters => ({
    subject: `Your account ${ending(parameters.account)} is released`,
    says: 'Your account is no longer frozen. Deposits, withdrawals and transfers are possible again.',
    facts: ownAccount(parameters, 'Since'),
    next: 'Transfers that were refused meanwhile are not made up for: please order them again.',
  }),
  'account-closed': parameters => ({
    subject: `Your account ${ending(parameters.account)} is closed`,
    says: 'Your account is closed. It takes and makes no more payments.',
    facts: ownAccount(parameters, 'Since'),
    next: 'If you did not ask for this, speak to your bank on a number that you already know.',
  }),
  'address-changed': ({ name, what, at }) => ({
    subject: 'Your address was changed',
    says: 'An address that your bank keeps for you was changed. This is the last message to the old one.',
    facts: [
      ['For', name],
      ['Changed', what],
      ['At', at],
    ],
    next: 'If this was not your wish, speak to your bank at once, on a number that you already know.',
  }),
  'approval-waiting': ({ action, target, requester, expires, ...rest }) => ({
    subject: `Approval waiting: ${named(action)}, asked for by ${named(requester)}`,
    says: 'A request waits for a second person.',
    facts: staff(rest, [
      ['Action', action],
      ['Target', target],
      ['Asked for by', requester],
      ['Expires', expires],
    ]),
    next: 'Look at it in the inbox of the console: bursar inbox list.',
  }),
  'developer-role': ({ operator, grantedBy, incident, expires, ...rest }) => ({
    subject: `Developer role in use by ${named(operator)}`,
    says: 'The developer role was granted.',
    facts: staff(rest, [
      ['Operator', operator],
      ['Granted by', grantedBy],
      ['Incident', incident],
      ['Ends', expires],
    ]),
    next: 'If you know of no such incident, end the role in the console: one admin is enough for that.',
  }),
  'break-glass': ({ operator, action, target, incident, ratifyBy, ...rest }) => ({
    subject: `Break-glass: ${named(action)} by ${named(operator)}`,
    says: 'One person alone did what otherwise takes two.',
    facts: staff(rest, [
      ['Operator', operator],
      ['Action', action],
      ['Target', target],
      ['Incident', incident],
      ['Ratify by', ratifyBy],
    ]),
    next: 'A manager ratifies or disputes it in the inbox of the console: bursar inbox list.',
  }),
  invite: ({ role, uses, expires }) => ({
    subject: 'You are invited',
    says: 'You are invited to register.',
    facts: [
      ['Role', role],
      ['Uses', uses],
      ['Valid until', expires],
    ],
    secret: 'Register with this:',
    next: 'If you did not expect this, do nothing. Give it to nobody else.',
  }),
  enrolment: ({ environment, name, expires }) => ({
    subject: 'Enrol as an operator',
    says: 'You are to enrol as an operator of the console: choose a password and set up one-time codes.',
    facts: [
      ['Environment', environment],
      ['Operator', name],
      ['Valid until', expires],
    ],
    secret: 'Start the console and enrol with this code. It works once:',
    next: 'If you did not expect this, tell an administrator. Give the code to nobody.',
  }),
  'operator-created': ({ operator, roles, createdBy, ...rest }) => ({
    subject: `New operator ${named(operator)}`,
    says: 'An operator of the console was created.',
    facts: staff(rest, [
      ['Operator', operator],
      ['Roles', roles.join(', ')],
      ['Created by', createdBy],
    ]),
    next: 'If nobody told you of this, disable the operator: bursar operators disable.',
  }),
  'role-changed': ({ name, before, after, at }) => ({
    subject: 'Your role was changed',
    says: 'What you may do was changed.',
    facts: [
      ['For', name],
      ['Role before', before],
      ['Role now', after],
      ['At', at],
    ],
    next: 'If you did not expect this, speak to whoever administers your access.',
  }),
  'alert-hold': ({ alert, account, score, rules, ...rest }) => ({
    subject: `Alert ${alert} asks for a hold: score ${score}`,
    says: 'What the rules saw of an account reached the score that asks for a hold.',
    facts: staff(rest, [
      ['Alert', alert],
      ['Account', ending(account)],
      ['Score', String(score)],
      ['Rules', rules],
    ]),
    next: 'Look at it in the console: bursar alerts list. Nothing was frozen by itself.',
  }),
  'review-escalated': ({ operator, about, record, note, ...rest }) => ({
    subject: `Escalated by ${named(operator)} in the daily review`,
    says: 'Somebody who reviewed the day asks for a decision.',
    facts: staff(rest, [
      ['Escalated by', operator],
      ['About', about],
      ['Record', record],
      ['Note', note],
    ]),
    next: 'Look at it in the console: bursar daily-items list decision=escalate.',
  }),
  'health-alarm': ({ state, what, where, found, helps, command, ...rest }) => ({
    subject: `${alarmWords[state].title}: ${named(what)}, ${named(where)}`,
    says: alarmWords[state].says,
    facts: staff(rest, [
      ['What', what],
      ['Where', where],
      ['Found', found],
      ...(state === 'well' ? [] : [['What helps', helps] as const, ['Command', command] as const]),
    ]),
    next: 'All that is measured is in the console: bursar health list.',
  }),
  'incident-update': ({ at, message, staff: about }) => ({
    subject: about ? `Incident ${named(about.incident)}` : 'News from your bank',
    says: about ? 'What there is to know about an incident.' : 'Your bank has to tell you something.',
    facts: [
      ...(about ? staff({ environment: about.environment, at }, [['Incident', about.incident]]) : [['At', at] as const]),
      ...message.map((piece, index): Fact => [index === 0 ? 'Message' : 'More', piece]),
    ],
    next: about ? 'All else is in the console: bursar incidents list.' : ownNumber,
  }),
};

export const noticeTemplates = Object.keys(messages) as readonly NoticeTemplate[];

const shown = (value: Fact[1]): string =>
  value instanceof Date ? minute(value) : typeof value === 'number' ? String(value) : quoted(value);

/** Subject and text of a notice. What others said stands in quotes behind a label, on one line; nothing of it can pass for our own words. */
export const renderNotice = <T extends NoticeTemplate>(template: T, parameters: NoticeParameters[T]): RenderedNotice => {
  const { subject, says, facts, secret, next } = messages[template](parameters);
  const widest = Math.max(...facts.map(([label]) => label.length));
  const lines = [
    says,
    '',
    ...facts.map(([label, value]) => `  ${`${label}:`.padEnd(widest + 2)}${shown(value)}`),
    '',
    ...(secret === undefined ? [] : [secret, '', `  ${placeholder}`, '']),
    next,
    '',
    'Written by a machine; nobody reads answers. Nobody who works here ever asks for your password or a code.',
  ];
  return { subject: safe(subject, { max: longestSubject }), body: `${lines.join('\n')}\n` };
};

/** Whether a stored body waits for its secret. */
export const needsSecret = (body: string): boolean => placeholderLine.test(body);

/** The body as it is shown: with words where its link or code stands when it leaves. */
export const hideSecret = (body: string): string => body.replace(placeholderLine, '  (secret, not shown)');

/** The body with its secret, for delivery only: the result is never stored, logged or shown. Throws where one of the two has no use for the other. */
export const withSecret = (body: string, secret: string): string => {
  if (!needsSecret(body)) throw new Error('this notice takes no secret');
  // A link or a code is printable ASCII without blanks; the message must not repeat what it is
  if (!/^[!-~]{1,900}$/.test(secret)) throw new Error('this is neither a link nor a code');
  return body.replace(placeholderLine, () => `  ${secret}`);
};
