/** What kind of act an audit row records (GUIDES.md F12). */
export const verbs = ['create', 'update', 'delete', 'view', 'approve', 'reject', 'export', 'import', 'login', 'logout'] as const;
export type Verb = (typeof verbs)[number];

export const auditOutcomes = ['success', 'failure', 'partial', 'refused'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** What audit rows speak of; a record is found by its kind and id together. */
export const auditedEntities = [
  'account',
  'user',
  'transaction',
  'session',
  'audit',
  'overview',
  'role',
  'permission',
  'grant',
  'review',
  'review-item',
  'operator',
  'developer-grant',
  'approval',
  'incident',
  'sign-in',
  'ip-rule',
  'invite',
  'setting',
  'notice',
  'note',
  'alert',
  'case',
  'rule',
  'limit',
  'dispute',
  'security-event',
  'flow',
  'flow-step',
  'event',
  'trace',
  'incident-step',
  'incident-notice',
  'daily-review',
  'daily-item',
  'handover',
  'host',
  'run',
  'schedule',
  'health',
  'backup',
  'cleanup',
  'policy',
  'maintenance',
] as const;
