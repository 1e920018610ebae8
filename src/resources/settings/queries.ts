import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { settingCategories, settingTypes, type SettingCategory, type SettingShape } from '../../domain/setting.ts';

/** Something that an administrator configures; its value is JSON of its type. */
export type SettingRow = Keyed &
  SettingShape & {
    readonly label: string;
    readonly category: SettingCategory;
    readonly value: unknown;
    readonly defaultValue: unknown;
    readonly isEditable: boolean;
    readonly isPublic: boolean;
    readonly description: string;
    readonly version: number;
    readonly changedAt: Date | null;
    readonly changedBy: string | null;
  };

export const settingPage = pageOf<SettingRow>({
  table: 'platform.setting',
  select: `t.key, t.label, t.type, t.category, t.value, t.default_value AS "defaultValue", t.is_editable AS "isEditable", t.is_public AS "isPublic", t.description, t.version,
    t.min::float8 AS min, t.max::float8 AS max, t.pattern, t.safe_min::float8 AS "safeMin", t.safe_max::float8 AS "safeMax", t.standard,
    v.changed_at AS "changedAt", o.name AS "changedBy"`,
  joins: 'LEFT JOIN platform.setting_version v ON v.key = t.key AND v.version = t.version LEFT JOIN ops.operator o ON o.id = v.changed_by',
  defaultSort: { field: 'key', descending: false },
  fields: {
    text: text('t.key', { exact: ["lower(t.key || ' ' || t.label || ' ' || t.description) LIKE {contains}"] }),
    id: number('t.id'),
    key: text('t.key', { sortable: true, like: ['t.key LIKE {contains}'] }),
    category: oneOf('t.category', settingCategories),
    type: oneOf('t.type', settingTypes),
    editable: flag('t.is_editable'),
    public: flag('t.is_public'),
    changed: flag('t.value IS DISTINCT FROM t.default_value'),
    at: time('(SELECT v.changed_at FROM platform.setting_version v WHERE v.key = t.key AND v.version = t.version)'),
  },
});

export const findSetting = (db: Db, id: bigint): Promise<SettingRow | undefined> => settingPage.find(db, id);

/** The text of a setting, or undefined where there is none. */
export const settingNamed = async (db: Db, key: string): Promise<string | undefined> => {
  const [row] = await db.$queryRaw<{ value: string }[]>`SELECT value #>> '{}' AS value FROM platform.setting WHERE key = ${key}`;
  return row?.value;
};

/** What is set in a category, by the keys. */
export const valuesOf = async (db: Db, category: SettingCategory): Promise<ReadonlyMap<string, unknown>> => {
  const rows = await db.$queryRaw<{ key: string; value: unknown }[]>`SELECT key, value FROM platform.setting WHERE category = ${category}`;
  return new Map(rows.map(({ key, value }) => [key, value]));
};

export type SettingVersion = {
  readonly version: number;
  readonly value: unknown;
  readonly changedAt: Date;
  readonly changedBy: string | null;
};

/** What a setting was, the newest first. */
export const versionsOf = async (db: Db, key: string): Promise<readonly SettingVersion[]> =>
  db.$queryRaw<SettingVersion[]>`
    SELECT v.version, v.value, v.changed_at AS "changedAt", o.name AS "changedBy"
      FROM platform.setting_version v LEFT JOIN ops.operator o ON o.id = v.changed_by WHERE v.key = ${key} ORDER BY v.version DESC LIMIT 50`;

type Known = Pick<SettingRow, 'key' | 'version'>;

/** Changes a setting; a security setting only under an approval. */
export const setSetting = async (db: Db, { key, version }: Known, value: unknown): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.set_setting(${key}, ${JSON.stringify(value)}::jsonb, ${version}::int)`;
};

/** Gives a setting the value of an older version. */
export const revertSetting = async (db: Db, { key, version }: Known, to: number): Promise<void> => {
  await db.$queryRaw`SELECT id FROM platform.revert_setting(${key}, ${to}::int, ${version}::int)`;
};
