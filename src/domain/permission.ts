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
  'user.end-sessions',
  'user.reset-password',
  'user.change-role',
  'transaction.read',
  'transaction.flag',
  'transaction.reverse',
  'audit.read',
  'session.read',
  'session.end',
  'operator.end-session',
  'sign-in.read',
  'invite.read',
  'invite.edit',
  'ip-rule.read',
  'ip-rule.block',
  'ip-rule.allow',
  'setting.read',
  'setting.edit',
  'operator.read',
  'operator.create',
  'operator.edit',
  'operator.enable',
  'operator.disable',
  'operator.reset',
  'operator.grant',
  'operator.end-sessions',
  'developer.grant',
  'developer.end',
  'operator.found',
  'operator.recover',
  'role.read',
  'role.edit',
  'grant.read',
  'grant.edit',
  'review.read',
  'review.decide',
  'window.open',
  'approval.read',
  'approval.decide',
  'approval.ratify',
  'access.decide',
  'incident.read',
  'incident.manage',
  'notice.read',
  'notice.edit',
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
