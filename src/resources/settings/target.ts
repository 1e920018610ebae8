import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import { brokenStandard, settingText } from '../../domain/setting.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findSetting, type SettingRow } from './queries.ts';

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

/** Settings of security, and of how suspicious postings are looked for, take two. */
export const eyesOf = ({ category }: SettingRow): 1 | 2 => (category === 'security' || category === 'detection' ? 2 : 1);

/** What a new value means, before it is set. */
export const aboutChange = (setting: SettingRow, value: unknown): readonly string[] => {
  const broken = brokenStandard(setting, value);
  return [
    `${setting.label} (${setting.key}): ${settingText(setting.value)} -> ${settingText(value)}`,
    ...(broken === undefined ? [] : [`this breaks a standard: ${broken}`]),
    `it becomes version ${setting.version + 1}; every older version can be brought back`,
    setting.isPublic ? 'the platform reads it at once' : 'the database obeys it at once',
  ];
};

/** What speaks against a value though it is allowed. */
export const doubtsAbout = (setting: SettingRow, value: unknown): readonly string[] => {
  const broken = brokenStandard(setting, value);
  return broken === undefined ? [] : [`${setting.key} ${settingText(value)}: ${broken}`];
};
