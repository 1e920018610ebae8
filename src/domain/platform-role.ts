import { z } from 'zod';
import { done, invalid, type Outcome } from './outcome.ts';

/** The platforms whose roles are kept (GUIDES.md D1, H6, F4, P2, A8). */
export const profiles = ['banking', 'handyconnect', 'fastresult', 'phase8', 'afterresume'] as const;

/** The eight of GUIDES.md F5, and everything else. */
export const roleTypes = [
  'general',
  'system_admin',
  'university_admin',
  'hod',
  'dean',
  'lecturer',
  'exam_officer',
  'student',
  'support_staff',
] as const;

/** What a permission lets somebody do with its resource (GUIDES.md F6). */
export const categories = ['view', 'create', 'edit', 'delete', 'approve', 'export', 'import', 'manage'] as const;

export const RoleSlug = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'has small letters, digits and single dashes')
  .max(60, 'has at most 60 characters')
  .meta({ title: 'Role' });

export const RoleLevel = z
  .string()
  .trim()
  .regex(/^(?:\d|10)$/, 'is a number from 0, the highest, to 10')
  .transform(Number)
  .meta({ title: 'Level' });

/** When a grant ends; left out, it has no end. */
export const Until = z
  .string()
  .trim()
  .regex(/^(\d{1,4}[mhdw]|\d{4}-\d{2}-\d{2})?$/, 'is a length of time like 4h or 7d, or the last day like 2026-12-31')
  .optional()
  .meta({ title: 'Until' });

/** The organization a grant is good for; left out, it is good everywhere. */
export const Tenant = z.string().trim().max(60, 'has at most 60 characters').optional().meta({ title: 'Tenant' });

/** `for 4h`, `until the end of 2026-12-31`, `without end`. */
export const untilWords = (until: string | undefined): string =>
  !until ? 'without end' : /^\d{4}-/.test(until) ? `until the end of ${until}` : `for ${until}`;

/** Whom a pattern means: a codename, or all that begin like it. */
const meantBy = (pattern: string, known: readonly string[]): readonly string[] =>
  known.filter(codename => (pattern.endsWith('*') ? codename.startsWith(pattern.slice(0, -1)) : codename === pattern));

/**
 * The permissions of a role after what was typed: either the whole set, or changes to it like `+a.b.view -a.c.*`. `known` are those
 * that its platform has.
 */
export const changedPermissions = (typed: string, before: readonly string[], known: readonly string[]): Outcome<readonly string[]> => {
  const words = typed.split(/[\s,]+/).filter(word => word !== '');
  const isChange = words.length > 0 && words.every(word => /^[+-]/.test(word));
  if (!isChange && words.some(word => /^[+-]/.test(word))) {
    return invalid('write either the whole set or changes to it', 'changes all begin with + or -');
  }
  const after = new Set(isChange ? before : []);
  for (const word of words) {
    const pattern = isChange ? word.slice(1) : word;
    const meant = meantBy(pattern, known);
    if (meant.length === 0) return invalid(`there is no permission ${pattern} on this platform`, 'look them up in the pane permissions');
    for (const codename of meant)
      if (word.startsWith('-')) after.delete(codename);
      else after.add(codename);
  }
  return done([...after].toSorted());
};

/** `gains 2: a, b`; nothing where there is nothing to tell. */
export const listed = (word: string, names: readonly string[]): readonly string[] => {
  const shown = 12;
  if (names.length === 0) return [];
  const rest = names.length > shown ? `, and ${names.length - shown} more` : '';
  return [`${word} ${names.length}: ${names.slice(0, shown).join(', ')}${rest}`];
};

type PermissionOf = { readonly codename: string };

/** Resource by category, with an x where the role may; only the categories that occur. */
export const matrixOf = (
  held: readonly PermissionOf[],
): { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] } => {
  const parts = held.map(({ codename }) => codename.split('.'));
  const used = categories.filter(category => parts.some(part => part[2] === category));
  const resources = [...new Set(parts.map(part => part[1] ?? ''))].toSorted();
  const has = (resource: string, category: string) => parts.some(part => part[1] === resource && part[2] === category);
  return {
    columns: ['Resource', ...used],
    rows: resources.map(resource => [resource, ...used.map(category => (has(resource, category) ? 'x' : '.'))]),
  };
};
