import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import {
  describeRoles,
  whyNotDisable,
  whyNotEdit,
  whyNotEnable,
  whyNotEndDeveloper,
  whyNotEndSessions,
  whyNotGrant,
  whyNotGrantDeveloper,
  whyNotReset,
  whyNotRevoke,
} from '../../domain/operator.ts';
import { isMachineName } from '../../domain/machine.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import {
  actsOf,
  changesOf,
  grantsOf,
  openSessions,
  operatorPage,
  permissionsOf,
  type Act,
  type Change,
  type Grant,
  type OperatorRow,
  type OperatorSession,
} from './queries.ts';
import { sessionTable } from './target.ts';

type Related = {
  readonly grants: readonly Grant[];
  readonly sessions: readonly OperatorSession[];
  readonly acts: readonly Act[];
  readonly changes: readonly Change[];
  readonly permissions: readonly string[];
};

/** One word for how an operator stands; the worst first. */
const standing = ({ isActive, lockedUntil, enrolled, enrolmentExpiresAt }: OperatorRow): string => {
  if (!isActive) return 'disabled';
  if (lockedUntil) return 'locked';
  if (enrolled) return 'active';
  return enrolmentExpiresAt ? 'invited' : 'active';
};
const tones: Readonly<Record<string, Tone>> = { active: 'good', disabled: 'dim', locked: 'warn', invited: 'info' };

const signInLines = (operator: OperatorRow): readonly DetailLine[] => [
  operator.enrolled
    ? [
        'Enrolled',
        `password and one-time codes; ${operator.recoveryCodes} recovery codes left`,
        operator.recoveryCodes === 0 ? 'warn' : 'good',
      ]
    : [
        'Enrolled',
        operator.enrolmentExpiresAt ? `not yet; the code is good until ${formatInstant(operator.enrolmentExpiresAt)}` : 'no',
        'info',
      ],
  ['Last login', formatInstant(operator.lastLoginAt)],
  ...(operator.lockedUntil ? [['Locked', `after 5 failures, until ${formatInstant(operator.lockedUntil)}`, 'warn'] as const] : []),
];

const profileLines = (operator: OperatorRow): readonly DetailLine[] => [
  ['Name', operator.name],
  ['Display name', operator.displayName],
  ['E-mail', operator.email ?? 'none: no code could be sent', operator.email === null ? 'warn' : 'plain'],
  ['Status', standing(operator), tones[standing(operator)] ?? 'plain'],
  ['Created', `${formatInstant(operator.createdAt)} by ${operator.createdBy ?? 'whoever set the bank up'}`],
  ...signInLines(operator),
];

const until = ({ expiresAt, endedAt, endedBy }: Grant): string => {
  if (endedAt) return `${formatShortInstant(endedAt)}${endedBy ? ` by ${endedBy}` : ''}`;
  return expiresAt ? formatShortInstant(expiresAt) : 'for good';
};

const happened = (at: Date, what: string, outcome: string): DetailLine => [
  formatShortInstant(at),
  `${what} ${outcome}`,
  outcome === 'success' ? 'plain' : 'warn',
];

const detail = (operator: OperatorRow, { grants, sessions, acts, changes, permissions }: Related): readonly DetailSection[] => [
  { title: 'Operator', lines: profileLines(operator) },
  {
    title: 'Roles, now and before',
    table: {
      columns: ['Role', 'Since', 'Until', 'Granted by', 'Last used'],
      rows: grants.map(grant => [
        grant.role,
        formatShortInstant(grant.grantedAt),
        until(grant),
        grant.grantedBy ?? '-',
        formatShortInstant(grant.lastUsedAt),
      ]),
    },
  },
  { title: 'May', lines: [['Permissions', permissions.length === 0 ? 'nothing' : permissions.join(', ')]] },
  ...(sessions.length === 0 ? [] : [{ title: 'Open sessions', table: sessionTable(sessions) }]),
  ...(changes.length === 0
    ? []
    : [
        {
          title: 'Done to them last',
          lines: changes.map(({ at, by, action, outcome }) => happened(at, `${action} by ${by ?? 'nobody signed in'}`, outcome)),
        },
      ]),
  ...(acts.length === 0
    ? []
    : [{ title: 'Did last', lines: acts.map(({ at, action, record, outcome }) => happened(at, `${action} ${record}`, outcome)) }]),
];

export const operators = defineResource<OperatorRow, Related>({
  id: 'operators',
  title: 'Operators',
  entity: 'operator',
  aliases: ['operator'],
  permission: 'operator.read',
  page: operatorPage,
  since: 'created',
  nameField: 'name',
  nameOf: operator => operator.name,

  columns: [
    { title: 'Name', width: 14, sort: 'name', cell: operator => operator.name },
    { title: 'Display name', width: 22, priority: 2, cell: operator => operator.displayName },
    { title: 'Roles', width: 'fill', cell: ({ name, roles }) => (isMachineName(name) ? 'machine' : describeRoles(roles)) },
    { title: 'Status', width: 8, cell: standing, tone: operator => tones[standing(operator)] ?? 'plain' },
    {
      title: 'Last login',
      width: 11,
      cell: operator => formatShortInstant(operator.lastLoginAt),
      value: operator => isoInstant(operator.lastLoginAt),
    },
    { title: 'Sessions', width: 8, align: 'right', cell: operator => String(operator.sessions) },
    { title: 'Enrolled', width: 8, priority: 2, cell: ({ enrolled }) => (enrolled ? 'yes' : 'no') },
    { title: 'E-mail', width: 26, priority: 3, cell: ({ email }) => email ?? '-' },
    {
      title: 'Created',
      width: 11,
      sort: 'created',
      priority: 3,
      cell: ({ createdAt }) => formatShortInstant(createdAt),
      value: ({ createdAt }) => isoInstant(createdAt),
    },
  ],

  relate: async (db, operator) => {
    const [grants, sessions, acts, changes, permissions] = await Promise.all([
      grantsOf(db, operator.id),
      openSessions(db, operator.id),
      actsOf(db, operator.name, 8),
      changesOf(db, operator.id, 8),
      permissionsOf(db, operator.id),
    ]);
    return { grants, sessions, acts, changes, permissions };
  },
  detail,

  actions: {
    d: on('operators.disable', whyNotDisable),
    e: on('operators.enable', whyNotEnable),
    g: on('operators.grant-role', whyNotGrant),
    v: on('operators.revoke-role', whyNotRevoke),
    p: on('operators.grant-developer', whyNotGrantDeveloper),
    o: on('operators.end-developer', whyNotEndDeveloper),
    r: on('operators.reset', whyNotReset),
    s: on('operators.end-sessions', whyNotEndSessions),
    i: {
      action: 'operators.edit',
      inputFrom: ({ id, displayName, email }) => ({ id: String(id), displayName, email: email ?? '' }),
      whyNot: whyNotEdit,
    },
  },
  general: { n: { action: 'operators.create', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    l: operator => ({ resource: 'audit', filter: `operator=${operator.name}` }),
  },
});
