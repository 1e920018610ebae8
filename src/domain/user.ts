import { z } from 'zod';

export const userStatuses = ['invited', 'active', 'locked', 'deactivated'] as const;
export type UserStatus = (typeof userStatuses)[number];

/** The platform's roles, highest first; a new user starts as viewer (GUIDES.md P1, P2). */
export const platformRoles = ['admin', 'developer', 'executive', 'designer', 'executor', 'viewer', 'customer'] as const;
export type PlatformRole = (typeof platformRoles)[number];

/** The roles somebody can begin with; every other is given later, by two people. */
const startingRoles = ['viewer', 'customer'] as const;
/** Whether a role is given by one person. */
export const isStartingRole = (role: string): boolean => startingRoles.some(starting => starting === role);
export const StartingRole = z.enum(startingRoles).meta({ title: 'Role' });

export const Username = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{2,62}$/, 'has 3 to 63 letters, digits, dots, dashes or underscores')
  .meta({ title: 'Username' });

export const Email = z
  .string()
  .trim()
  .max(254, 'has at most 254 characters')
  .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'is no e-mail address')
  .meta({ title: 'E-mail' });

export const PersonName = z.string().trim().min(1, 'is missing').max(100, 'has at most 100 characters');

export const Phone = z
  .string()
  .trim()
  .regex(/^(\+?[0-9 ()/-]{5,30})?$/, 'is no telephone number')
  .meta({ title: 'Telephone' });

/** `Ada Byron`; firms keep their name in the same two fields. */
export const fullName = (person: { readonly firstName: string; readonly lastName: string }): string =>
  `${person.firstName} ${person.lastName}`;

type Standing = { readonly username: string; readonly status: UserStatus };

const mustBe = (user: Standing, statuses: readonly UserStatus[], action: string): string | undefined =>
  statuses.includes(user.status) ? undefined : `${user.username} is ${user.status}; only ${statuses.join(' or ')} users can be ${action}`;

/** Why the user may not be locked, or undefined if they may. The other rules read alike. */
export const whyNotLock = (user: Standing): string | undefined => mustBe(user, ['active'], 'locked');
export const whyNotUnlock = (user: Standing): string | undefined => mustBe(user, ['locked'], 'unlocked');
export const whyNotActivate = (user: Standing): string | undefined => mustBe(user, ['invited', 'deactivated'], 'activated');
export const whyNotDeactivate = (user: Standing): string | undefined => mustBe(user, ['active', 'locked'], 'deactivated');
