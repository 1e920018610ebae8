/** Everything an operator can be allowed. The roles that hold each are data, in the database. */
export const permissions = [
  'overview.read',
  'account.read',
  'account.freeze',
  'account.unfreeze',
  'account.close',
  'account.approve',
  'account.reject',
  'user.read',
  'user.create',
  'user.edit',
  'user.activate',
  'user.deactivate',
  'user.lock',
  'user.unlock',
  'transaction.read',
  'transaction.flag',
  'transaction.reverse',
  'audit.read',
  'window.open',
  'approval.read',
  'approval.decide',
  'approval.ratify',
  'access.decide',
  'incident.read',
  'incident.manage',
] as const;

/** `self`: what concerns oneself alone, which everybody may. */
export type Permission = (typeof permissions)[number] | 'self';

/** Who acts. Always a parameter, never a global: one process may serve several screens. */
export type Operator = {
  readonly id: bigint;
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
};
