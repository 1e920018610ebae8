import type { Db } from '../../database/client.ts';
import { number, oneOf, text } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { categories } from '../../domain/platform-role.ts';

export type PermissionRow = Keyed & {
  readonly codename: string;
  readonly resource: string;
  readonly category: string;
  readonly description: string;
  readonly roles: readonly string[];
};

const heldBy = `t.id IN (SELECT rp.permission_id FROM platform.role_permission rp JOIN platform.role r ON r.id = rp.role_id WHERE r.slug = {text})`;

export const permissionPage = pageOf<PermissionRow>({
  table: 'platform.permission',
  select: `t.codename, t.resource, t.category, t.description,
    ARRAY(SELECT r.slug FROM platform.role_permission rp JOIN platform.role r ON r.id = rp.role_id WHERE rp.permission_id = t.id ORDER BY r.level, r.slug) AS roles`,
  defaultSort: { field: 'id', descending: false },
  fields: {
    text: text('t.codename', { exact: ['(t.codename LIKE {contains} OR lower(t.description) LIKE {contains})'] }),
    id: number('t.id', { sortable: true }),
    codename: text('t.codename', { sortable: true, like: ['t.codename LIKE {contains}'] }),
    resource: text('t.resource', { sortable: true }),
    category: oneOf('t.category', categories),
    role: text('t.codename', { exact: [heldBy] }),
  },
});

export type Holder = { readonly slug: string; readonly name: string; readonly level: number; readonly isActive: boolean };

/** The roles that hold a permission, the highest first. */
export const rolesWith = async (db: Db, permissionId: bigint): Promise<readonly Holder[]> =>
  db.$queryRaw<Holder[]>`
    SELECT r.slug, r.name, r.level, r.is_active AS "isActive"
      FROM platform.role_permission rp JOIN platform.role r ON r.id = rp.role_id WHERE rp.permission_id = ${permissionId} ORDER BY r.level, r.slug`;
