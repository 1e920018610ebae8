/** What kind of act an audit row records (GUIDES.md F12). */
export const verbs = ['create', 'update', 'delete', 'view', 'approve', 'reject', 'export', 'import', 'login', 'logout'] as const;
export type Verb = (typeof verbs)[number];

export const auditOutcomes = ['success', 'failure', 'partial', 'refused'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];
