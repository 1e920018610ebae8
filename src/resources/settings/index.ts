import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { brokenStandard, settingText } from '../../domain/setting.ts';
import { defineResource, type Binding, type DetailLine, type DetailSection } from '../../kit/define-resource.ts';
import { settingPage, versionsOf, type SettingRow, type SettingVersion } from './queries.ts';
import { eyesOf, whyNotEdit } from './target.ts';

/** Of a value in a list; its detail shows more. */
const widest = 60;
const longest = 600;

const bounds = ({ min, max, pattern }: SettingRow): readonly DetailLine[] => [
  ...(min === null && max === null ? [] : [['Between', `${min ?? 'any'} and ${max ?? 'any'}`] as const]),
  ...(pattern === null ? [] : [['Looks like', pattern] as const]),
];

const standardOf = (setting: SettingRow): readonly DetailLine[] => {
  if (setting.standard === null) return [];
  return [['Standard', setting.standard, brokenStandard(setting, setting.value) === undefined ? 'plain' : 'warn']];
};

const detail = (setting: SettingRow, versions: readonly SettingVersion[]): readonly DetailSection[] => [
  {
    title: setting.label || setting.key,
    lines: [
      ['Key', setting.key],
      ['Value', settingText(setting.value).slice(0, longest), brokenStandard(setting, setting.value) === undefined ? 'plain' : 'warn'],
      ['Default', setting.defaultValue === null ? '-' : settingText(setting.defaultValue).slice(0, longest)],
      ['What it is', setting.description],
      ['Type', setting.type],
      ['Category', `${setting.category}${eyesOf(setting) === 2 ? ': takes two people' : ''}`],
      ['Changed here', setting.isEditable ? 'yes' : 'no'],
      ['Public', setting.isPublic ? 'yes: the platform reads it' : 'no'],
      ...bounds(setting),
      ...standardOf(setting),
    ],
  },
  ...(versions.length === 0
    ? []
    : [
        {
          title: 'History',
          table: {
            columns: ['Version', 'Value', 'Changed', 'By'],
            rows: versions.map(({ version, value, changedAt, changedBy }) => [
              String(version),
              settingText(value).slice(0, widest),
              formatInstant(changedAt),
              changedBy ?? 'setup',
            ]),
          },
        },
      ]),
];

const changing = (action: string, typed: (setting: SettingRow) => Readonly<Record<string, string>>): Binding<SettingRow> => ({
  action,
  inputFrom: setting => ({ id: String(setting.id), ...typed(setting) }),
  whyNot: whyNotEdit,
});

export const settings = defineResource<SettingRow, readonly SettingVersion[]>({
  id: 'settings',
  title: 'Settings',
  entity: 'setting',
  aliases: ['setting'],
  permission: 'setting.read',
  page: settingPage,
  nameField: 'key',
  nameOf: setting => setting.key,

  columns: [
    { title: 'Key', width: 32, sort: 'key', cell: setting => setting.key },
    { title: 'Label', width: 26, priority: 2, cell: setting => setting.label },
    {
      title: 'Value',
      width: 'fill',
      cell: setting => settingText(setting.value).slice(0, widest),
      value: setting => settingText(setting.value),
      tone: setting => (brokenStandard(setting, setting.value) === undefined ? 'plain' : 'warn'),
    },
    { title: 'Type', width: 7, priority: 2, cell: setting => setting.type },
    {
      title: 'Category',
      width: 9,
      cell: setting => setting.category,
      tone: setting => (eyesOf(setting) === 2 ? 'warn' : 'plain'),
    },
    { title: 'Version', width: 7, align: 'right', cell: setting => String(setting.version) },
    { title: 'Editable', width: 8, priority: 2, cell: setting => (setting.isEditable ? 'yes' : 'no') },
    {
      title: 'Changed',
      width: 11,
      priority: 3,
      cell: setting => formatShortInstant(setting.changedAt),
      value: setting => isoInstant(setting.changedAt),
    },
  ],

  relate: (db, setting) => versionsOf(db, setting.key),
  detail,

  actions: {
    e: changing('settings.edit', setting => ({ value: settingText(setting.value) })),
    r: changing('settings.revert', setting => (setting.version > 0 ? { to: String(setting.version - 1) } : {})),
  },
  jumps: { l: setting => ({ resource: 'audit', filter: `entity=setting record=${setting.id}` }) },
});
