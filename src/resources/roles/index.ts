import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { matrixOf } from '../../domain/platform-role.ts';
import { defineResource, on, type DetailSection } from '../../kit/define-resource.ts';
import { holdersOf, permissionsOf, rolePage, type RoleHolder, type RoleRow } from './queries.ts';
import { whyNotRestore, whyNotRetire } from './target.ts';

type Related = { readonly permissions: readonly string[]; readonly holders: readonly RoleHolder[] };

const shownHolders = 20;

const detail = (role: RoleRow, { permissions, holders }: Related): readonly DetailSection[] => [
  {
    title: role.slug,
    lines: [
      ['Name', role.name],
      ['What for', role.description || '-'],
      ['Platform', role.profile],
      ['Type', role.roleType],
      ['Level', `${role.level} of 0 (highest) to 10${role.isModuleAdmin ? ', administers its module' : ''}`],
      ['Granted by', role.isPowerful ? 'two people: it is powerful' : 'one person'],
      role.isActive ? ['State', 'in use', 'good'] : ['State', 'retired: gives nobody anything', 'dim'],
      ...(role.bankRole === null ? [] : [['Comes with', `the user's own role ${role.bankRole}; it is not granted by itself`] as const]),
      ['Made', formatInstant(role.createdAt)],
    ],
  },
  { title: `Permissions (${permissions.length})`, table: matrixOf(permissions.map(codename => ({ codename }))) },
  {
    title: `Holders (${role.holders})`,
    table: {
      columns: ['User', 'Since', 'Until', 'Tenant'],
      rows: holders.map(({ username, since, expiresAt, tenant }) => [
        username,
        since ? formatShortInstant(since) : 'own role',
        expiresAt ? formatShortInstant(expiresAt) : '-',
        tenant || 'all',
      ]),
    },
  },
];

export const roles = defineResource<RoleRow, Related>({
  id: 'roles',
  title: 'Roles',
  entity: 'role',
  aliases: ['role'],
  permission: 'role.read',
  page: rolePage,
  since: 'created',
  nameField: 'slug',
  nameOf: role => role.slug,

  columns: [
    { title: 'Role', width: 'fill', sort: 'slug', cell: role => role.slug, tone: role => (role.isActive ? 'plain' : 'dim') },
    { title: 'Level', width: 5, align: 'right', sort: 'level', cell: role => String(role.level) },
    { title: 'Type', width: 16, cell: role => role.roleType },
    { title: 'Platform', width: 12, priority: 2, cell: role => role.profile },
    { title: 'Perms', width: 5, align: 'right', cell: role => String(role.permissions) },
    { title: 'Holders', width: 7, align: 'right', cell: role => String(role.holders) },
    {
      title: 'State',
      width: 7,
      priority: 2,
      cell: role => (role.isActive ? 'in use' : 'retired'),
      tone: role => (role.isActive ? 'good' : 'dim'),
    },
    { title: 'Name', width: 22, priority: 3, cell: role => role.name },
  ],

  relate: async (db, role) => {
    const [permissions, holders] = await Promise.all([permissionsOf(db, role.id), holdersOf(db, role.id, shownHolders)]);
    return { permissions, holders };
  },
  detail,

  actions: {
    e: {
      action: 'roles.edit',
      inputFrom: role => ({
        id: String(role.id),
        name: role.name,
        description: role.description,
        type: role.roleType,
        level: String(role.level),
        moduleAdmin: role.isModuleAdmin ? 'yes' : 'no',
      }),
      whyNot: () => undefined,
    },
    p: on('roles.set-permissions'),
    d: on('roles.retire', whyNotRetire),
    r: on('roles.restore', whyNotRestore),
  },
  general: { n: { action: 'roles.create', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    u: role =>
      role.bankRole === null ? { resource: 'grants', filter: `role=${role.slug}` } : { resource: 'users', filter: `role=${role.bankRole}` },
    l: role => ({ resource: 'audit', filter: `entity=role record=${role.id}` }),
  },
});
