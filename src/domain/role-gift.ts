import { fullName } from './user.ts';
import { listed, untilWords } from './platform-role.ts';

/** A role that somebody is about to get: what it adds to what they may, and what it should not be held with. */
export type RoleGift = {
  readonly user: { readonly username: string; readonly firstName: string; readonly lastName: string };
  readonly role: { readonly slug: string; readonly name: string; readonly level: number; readonly isPowerful: boolean };
  readonly gained: readonly string[];
  readonly conflicts: readonly string[];
};

type Terms = { readonly tenant?: string | undefined; readonly until?: string | undefined };

/** What the gift means, for whoever gives it. */
export const giftLines = ({ user, role, gained }: RoleGift, { tenant, until }: Terms): readonly string[] => [
  `${user.username} (${fullName(user)}) becomes ${role.name} (${role.slug}, level ${role.level}) ${tenant ? `in ${tenant}` : 'everywhere'}, ${untilWords(until)}`,
  ...(gained.length === 0 ? ['may nothing that they may not already'] : listed('gains', gained)),
  ...(role.isPowerful ? ['a powerful role: granting it takes two people'] : []),
];

/** What speaks against it. */
export const giftDoubts = ({ conflicts }: RoleGift): readonly string[] =>
  conflicts.map(title => `breaks the separation of duties: ${title}`);

/** How a gift is taken back, by the number of its grant. */
export const giftTakenBack = (grant: unknown, note: string) => [
  { action: 'grants.revoke', input: { id: String(grant), note: `granted in error: ${note}`.slice(0, 2_000) } },
];
