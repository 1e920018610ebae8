/** Rows of one table that a policy lets go. Every word here is a constant: nothing from outside gets into a statement. */
export type RowPart = {
  readonly policy: string;
  readonly what: string;
  /** The table, as the triggers that keep its rows name it; alias `t`. */
  readonly relation: string;
  /** How old a row is. */
  readonly time: string;
  /** What is older than `$1`, where that is not simply the time. */
  readonly older?: string;
  readonly where?: string;
  /** The row stays and this column of text is emptied. */
  readonly empties?: string;
};

/** Somebody wrote a note about it: then it stays, or the note would speak of nothing. */
const unnoted = (entity: string, id = 't.id'): string =>
  `NOT EXISTS (SELECT FROM ops.note n WHERE n.entity = '${entity}' AND n.entity_id = ${id}::text)`;

const userGone = `t.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM bank."user" u WHERE u.id = t.user_id)`;

const activity: readonly RowPart[] = [
  { policy: 'activity-logs', what: 'events of the platform', relation: 'platform.event', time: 't.at', where: unnoted('event') },
  { policy: 'activity-logs', what: 'sign-ins of customers', relation: 'bank.auth_event', time: 't.at', where: unnoted('sign-in') },
  { policy: 'activity-logs', what: 'attempts to sign in of operators', relation: 'ops.sign_in_attempt', time: 't.at' },
];

const execution: readonly RowPart[] = [
  { policy: 'execution-logs', what: 'logs of runs', relation: 'ops.run_step', time: 't.finished_at', where: `t.tail <> ''`, empties: 'tail' },
  // The newest hundred say up to where everything was looked at
  {
    policy: 'execution-logs', what: 'runs of detection without a hit', relation: 'ops.detection_run', time: 't.finished_at',
    where: 't.id <= (SELECT max(r.id) - 100 FROM ops.detection_run r) AND NOT EXISTS (SELECT FROM ops.rule_hit h WHERE h.run_id = t.id)',
  },
  // The newest of each job says how it went last
  {
    policy: 'execution-logs', what: 'runs of the schedule', relation: 'ops.schedule_run', time: 't.finished_at',
    where: 't.id < (SELECT max(r.id) FROM ops.schedule_run r WHERE r.schedule_id = t.schedule_id)',
  },
  {
    policy: 'execution-logs', what: 'notices that were delivered or cancelled', relation: 'ops.notice', time: 't.created_at',
    where: `t.status IN ('sent', 'cancelled') AND ${unnoted('notice', 't.number')}`,
  },
]; // prettier-ignore

const security: RowPart = {
  policy: 'security-log',
  what: 'acknowledged security events',
  relation: 'ops.security_event',
  time: 't.last_at',
  where: `t.acknowledged_at IS NOT NULL AND ${unnoted('security-event')} AND NOT EXISTS (SELECT FROM ops.flow f WHERE f.event_id = t.id)
    AND NOT EXISTS (SELECT FROM ops.incident_link l WHERE l.entity = 'security-event' AND l.entity_id = t.id::text)
    AND NOT EXISTS (SELECT FROM ops.daily_item d WHERE d.entity = 'security-event' AND d.entity_id = t.id::text)`,
};

const leftovers: readonly RowPart[] = [
  { policy: 'sessions', what: 'ended sessions of customers', relation: 'bank.auth_session', time: 't.ended_at' },
  {
    policy: 'reset-links', what: 'password links of no more use', relation: 'bank.password_reset', time: 't.requested_at',
    where: 'num_nonnulls(t.used_at, t.cancelled_at) > 0',
  },
  {
    policy: 'limit-counters', what: 'limit counters of past days', relation: 'bank.limit_counter', time: 't.day::timestamptz',
    older: `t.day < ($1::timestamptz AT TIME ZONE 'UTC')::date`,
  },
  {
    policy: 'posting-keys', what: 'answered posting keys', relation: 'bank.idempotency_key', time: 't.created_at',
    where: 'num_nonnulls(t.transaction_id, t.refusal_id) > 0',
  },
  { policy: 'health-samples', what: 'samples of health', relation: 'ops.health_sample', time: 't.at' },
]; // prettier-ignore

/** Columns that name a session of an operator: what any of them speaks of stays. */
const sessionColumns = [
  'ops.action_run.session_id', 'ops.write_window.session_id', 'ops.approval.maker_session', 'ops.approval.decided_session', 'ops.bulk_run.session_id',
  'ops.notice.claimed_by', 'ops.detection_run.session_id', 'ops.run.lease_holder', 'ops.schedule_run.claimed_by',
].map(column => /^(\w+\.\w+)\.(\w+)$/.exec(column) ?? []); // prettier-ignore

const ofTheConsole: readonly RowPart[] = [
  { policy: 'action-keys', what: 'keys of actions', relation: 'ops.action_run', time: 't.began_at', where: 't.result IS NOT NULL' },
  { policy: 'action-keys', what: 'bulk actions that are over', relation: 'ops.bulk_run', time: 't.begun_at' },
  {
    policy: 'operator-sessions', what: 'ended sessions of operators', relation: 'ops.operator_session', time: 't.expires_at',
    where: [unnoted('session', '(t.number * 2 + 1)'), ...sessionColumns.map(([, table, column]) => `NOT EXISTS (SELECT FROM ${table} x WHERE x.${column} = t.id)`)].join(' AND '),
  },
  // A repeated posting is answered with the refusal that its key names
  {
    policy: 'posting-refusals', what: 'refused postings', relation: 'bank.posting_refusal', time: 't.refused_at',
    where: 'NOT EXISTS (SELECT FROM bank.idempotency_key k WHERE k.refusal_id = t.id)',
  },
]; // prettier-ignore

const orphans: readonly RowPart[] = [
  { policy: 'orphaned-data', what: 'sign-ins of customers that are gone', relation: 'bank.auth_event', time: 't.at', where: userGone },
  { policy: 'orphaned-data', what: 'events of customers that are gone', relation: 'platform.event', time: 't.at', where: userGone },
];

/** Rows that policies let go, in the order in which they go. A table that a database does not have is left out. */
export const rowParts: readonly RowPart[] = [...activity, ...execution, security, ...leftovers, ...ofTheConsole, ...orphans];

/** What of a table is older than `$1` and may go. */
export const doomed = ({ time, older = `${time} < $1`, where = 'true' }: RowPart): string => `${older} AND ${where}`;
