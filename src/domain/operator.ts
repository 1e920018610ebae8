import { z } from 'zod';
import { formatInstant } from './day.ts';
import { isMachineName } from './machine.ts';
import { Email } from './user.ts';

/** The roles that an operator can be given for good, highest first; developer is only ever lent, and owner is nobody's. */
export const operatorRoles = ['admin', 'manager', 'sysop', 'operations', 'analyst', 'support', 'auditor', 'viewer'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** Acts for whoever owns the database; nobody signs in as it. */
export const ownerName = 'database-owner';

export const OperatorName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9._-]{0,62}$/, 'begins with a small letter and has up to 63 small letters, digits, dots, dashes or underscores')
  .refine(name => name !== ownerName, 'is kept for whoever owns the database')
  .refine(name => !isMachineName(name), 'is a name of machines: add one in the pane machines')
  .meta({ title: 'Name' });

export const DisplayName = z
  .string()
  .trim()
  .min(1, 'is missing')
  .max(100, 'has at most 100 characters')
  .regex(/^[^\p{Cc}]*$/u, 'holds a control character')
  .meta({ title: 'Display name' });

export const OperatorEmail = Email.toLowerCase();

const isRole = (word: string): word is OperatorRole => (operatorRoles as readonly string[]).includes(word);

/** `admin, auditor` */
export const RoleList = z
  .string()
  .transform((typed, context): readonly OperatorRole[] => {
    const words = [...new Set(typed.split(/[\s,]+/).filter(word => word !== ''))];
    const roles = words.filter(isRole);
    const strange = words.find(word => !isRole(word));
    if (strange !== undefined)
      context.issues.push({
        code: 'custom',
        message: `has no "${strange.slice(0, 40)}": there are ${operatorRoles.join(', ')}`,
        input: typed,
      });
    else if (roles.length === 0)
      context.issues.push({ code: 'custom', message: `takes one or more of ${operatorRoles.join(', ')}`, input: typed });
    return roles;
  })
  .meta({ title: 'Roles' });

/** A role that an operator holds, and until when. */
export type HeldRole = { readonly role: string; readonly expiresAt: Date | null };

type Standing = {
  readonly name: string;
  readonly email: string | null;
  readonly isActive: boolean;
  readonly roles: readonly HeldRole[];
  readonly sessions: number;
};

const whyNotTouch = ({ name }: Standing): string | undefined => {
  if (isMachineName(name)) return 'a machine is rotated and revoked in the pane machines';
  return name === ownerName ? 'the owner of the database is no operator that others change' : undefined;
};

/** Why the operator may not be disabled, or undefined if they may. The other rules read alike. */
export const whyNotDisable = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.isActive ? undefined : `${operator.name} is disabled already`);

export const whyNotEnable = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.isActive ? `${operator.name} is active already` : undefined);

export const whyNotEdit = whyNotTouch;

const whyNotGive = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.isActive ? undefined : `${operator.name} is disabled: enable them first`);

export const whyNotReset = (operator: Standing): string | undefined =>
  whyNotGive(operator) ??
  (operator.email === null ? `${operator.name} has no address that a code could be sent to: give them one first` : undefined);

export const whyNotGrant = whyNotGive;
export const whyNotGrantDeveloper = whyNotGive;

export const whyNotRevoke = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.roles.length === 0 ? `${operator.name} has no role` : undefined);

export const whyNotEndDeveloper = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.roles.some(({ role }) => role === 'developer') ? undefined : `${operator.name} has no developer role`);

export const whyNotEndSessions = (operator: Standing): string | undefined =>
  whyNotTouch(operator) ?? (operator.sessions === 0 ? `${operator.name} has no open session` : undefined);

/** `admin, developer until 2026-11-22 12:04` */
export const describeRoles = (roles: readonly HeldRole[]): string =>
  roles.length === 0
    ? 'no role'
    : roles.map(({ role, expiresAt }) => (expiresAt ? `${role} until ${formatInstant(expiresAt).slice(0, 16)}` : role)).join(', ');
