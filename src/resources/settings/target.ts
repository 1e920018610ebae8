import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import { formatThreshold, thresholdNamed, whyNotThreshold } from '../../domain/health-thresholds.ts';
import { brokenStandard, settingText, type SettingCategory } from '../../domain/setting.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findSetting, valuesOf, type SettingRow } from './queries.ts';

/** Names the setting; filled from the record, or given by its key. */
export const SettingId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Setting' });

/** Why a setting cannot be changed here, or undefined. */
export const whyNotEdit = ({ key, isEditable }: SettingRow): string | undefined =>
  isEditable ? undefined : `${key} is not changed at the console`;

export const settingFor = async (id: bigint, { db }: Context): Promise<Outcome<SettingRow>> => {
  const setting = await findSetting(db, id);
  if (!setting) return notFound(`there is no setting ${id}`);
  const objection = whyNotEdit(setting);
  return objection === undefined ? done(setting) : conflict(objection);
};

export const settingTarget = ({ id, key, version }: SettingRow): Target => ({ id: String(id), label: key, version });

/** A setting and the value it is to have. */
export type ChangeFacts = { readonly setting: SettingRow; readonly value: unknown };

const ofTwo: ReadonlySet<SettingCategory> = new Set(['security', 'detection', 'health']);

/** Settings of security, of how suspicious postings are looked for, and of when health raises an alarm take two. */
export const eyesOf = ({ category }: SettingRow): 1 | 2 => (ofTwo.has(category) ? 2 : 1);

/** The value where it fits the other settings that it belongs with. */
export const fitting = async (setting: SettingRow, value: unknown, { db }: Context): Promise<Outcome<ChangeFacts>> => {
  const objection = setting.category === 'health' ? whyNotThreshold(setting.key, value, await valuesOf(db, 'health')) : undefined;
  return objection === undefined ? done({ setting, value }) : conflict(objection, 'change the other one first');
};

/** A value with its unit, where it has one. */
const told = ({ key }: SettingRow, value: unknown): string => {
  const threshold = thresholdNamed(key);
  return threshold ? formatThreshold(threshold, value) : settingText(value);
};

/** Who obeys it, and when. */
const obeyed = ({ isPublic, category }: SettingRow): string => {
  if (isPublic) return 'the platform reads it at once';
  return category === 'health' ? 'health, overview, backups and daily review judge by it at once' : 'the database obeys it at once';
};

/** What a new value means, before it is set. */
export const aboutChange = (setting: SettingRow, value: unknown): readonly string[] => {
  const broken = brokenStandard(setting, value);
  return [
    `${setting.label} (${setting.key}): ${told(setting, setting.value)} -> ${told(setting, value)}`,
    ...(broken === undefined ? [] : [`this breaks a standard: ${broken}`]),
    `it becomes version ${setting.version + 1}; every older version can be brought back`,
    obeyed(setting),
  ];
};

/** What speaks against a value though it is allowed. */
export const doubtsAbout = (setting: SettingRow, value: unknown): readonly string[] => {
  const broken = brokenStandard(setting, value);
  return broken === undefined ? [] : [`${setting.key} ${told(setting, value)}: ${broken}`];
};
