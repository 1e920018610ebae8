import type { GrantRow } from './queries.ts';

/** Why the grant may not be revoked here, or undefined if it may. */
export const whyNotRevoke = ({ kind, who, role, state }: GrantRow): string | undefined => {
  if (kind === 'operator') return `an operator's role takes two people: bursar operators revoke-role ${who}`;
  return state === 'live' ? undefined : `${role} of ${who} has ended already`;
};
