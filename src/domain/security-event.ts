/** What the database looks for (GUIDES.md D21, H16, A24). */
export const securityKinds = [
  'failed logins',
  'lockout',
  'brute force',
  'new address',
  'admin access',
  'privilege change',
  'suspicious pattern',
  'abuse',
] as const;
export type SecurityKind = (typeof securityKinds)[number];

export const securityLevels = ['info', 'warning', 'critical'] as const;
export type SecurityLevel = (typeof securityLevels)[number];

/** `again`: it went on after somebody had seen it. `noted`: below the level that asks for anybody. */
export type SecurityStatus = 'open' | 'again' | 'acknowledged' | 'noted';

type About = {
  readonly id: bigint;
  readonly ip: string | null;
  readonly userId: bigint | null;
  readonly status: SecurityStatus;
  readonly userStatus: string | null;
  readonly operator: string | null;
  readonly flowId: bigint | null;
};

/** Why an event cannot be acknowledged now, or undefined. */
export const whyNotAcknowledge = ({ id, status }: About): string | undefined =>
  status === 'acknowledged' ? `#${id} was acknowledged already` : undefined;

export const whyNotBlock = ({ ip }: About): string | undefined => (ip === null ? 'it came from no address' : undefined);

export const whyNotUser = ({ userId }: About): string | undefined => (userId === null ? 'it is about no user of the platform' : undefined);

export const whyNotLockIts = (event: About): string | undefined =>
  whyNotUser(event) ?? (event.userStatus === 'active' ? undefined : `the user is ${event.userStatus ?? 'gone'} already`);

export const whyNotWalk = ({ userId, operator, flowId }: About): string | undefined => {
  if (flowId !== null) return `walkthrough #${flowId} is under way: Enter leads there`;
  return userId === null && operator === null ? 'it is about nobody that is known by name' : undefined;
};
