import { defineResource } from '../../kit/define-resource.ts';
import { permissionPage, rolesWith, type Holder, type PermissionRow } from './queries.ts';

export const permissionsPane = defineResource<PermissionRow, readonly Holder[]>({
  id: 'permissions',
  title: 'Permissions',
  entity: 'permission',
  aliases: ['permission', 'perms'],
  permission: 'role.read',
  page: permissionPage,
  nameField: 'codename',
  nameOf: permission => permission.codename,

  columns: [
    { title: 'Codename', width: 36, sort: 'codename', cell: permission => permission.codename },
    { title: 'Resource', width: 20, sort: 'resource', priority: 2, cell: permission => permission.resource },
    { title: 'Category', width: 8, cell: permission => permission.category },
    { title: 'Roles', width: 'fill', cell: permission => permission.roles.join(', ') || '-' },
    { title: 'Description', width: 40, priority: 3, cell: permission => permission.description },
  ],

  relate: (db, permission) => rolesWith(db, permission.id),
  detail: (permission, holders) => [
    {
      title: permission.codename,
      lines: [
        ['Resource', permission.resource],
        ['Category', permission.category],
        ['Description', permission.description],
      ],
    },
    {
      title: 'Roles that have it',
      table: {
        columns: ['Role', 'Name', 'Level', ''],
        rows: holders.map(({ slug, name, level, isActive }) => [slug, name, String(level), isActive ? '' : 'retired']),
      },
    },
  ],

  actions: {},
  jumps: {},
});
