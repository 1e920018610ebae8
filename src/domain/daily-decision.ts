/** What a daily review asks about, in the order of the walk; the database has the same list. */
export const dailyCategories = [
  'broken glass',
  'alerts',
  'security events',
  'failed logins',
  'new holds',
  'holds to review',
  'flagged transactions',
  'large transactions',
  'pending accounts',
  'snoozes',
  'expiring roles',
  'expiring limits',
  'expiring IP rules',
  'dead notices',
  'failed runs',
  'backups',
] as const;
export type DailyCategory = (typeof dailyCategories)[number];

/** How a decision is told: nothing is to be done, it was acted on, or somebody above is to decide. */
export const decisionWords = { keep: 'kept', act: 'acted on', escalate: 'escalated' } as const;
export type DailyDecision = keyof typeof decisionWords;
