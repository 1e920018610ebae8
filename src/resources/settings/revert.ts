import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, notFound } from '../../domain/outcome.ts';
import { settingText } from '../../domain/setting.ts';
import { defineAction } from '../../kit/define-action.ts';
import { revertSetting, versionsOf } from './queries.ts';
import { aboutChange, doubtsAbout, eyesOf, fitting, SettingId, settingFor, settingTarget, type ChangeFacts } from './target.ts';

export const revertSettingTo = defineAction({
  id: 'settings.revert',
  title: 'Revert setting',
  past: 'reverted',
  permission: 'setting.edit',
  eyes: 1,
  eyesFor: (facts: ChangeFacts) => eyesOf(facts.setting),
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'setting',
  input: z.object({
    id: SettingId,
    to: z.coerce.number('is no number').int('is a whole number').min(0, 'begins with 0').meta({ title: 'To version' }),
    note: Note,
  }),

  gather: async ({ id, to }, context) => {
    const setting = await settingFor(id, context);
    if (!setting.ok) return setting;
    const older = (await versionsOf(context.db, setting.value.key)).find(({ version }) => version === to);
    if (!older) return notFound(`${setting.value.key} had no version ${to}`, 'its history is in its detail');
    return settingText(older.value) === settingText(setting.value.value)
      ? conflict(`${setting.value.key} is ${settingText(older.value)} already`)
      : fitting(setting.value, older.value, context);
  },
  target: ({ setting }) => settingTarget(setting),
  preview: ({ setting, value }, { to }) => [`back to what it was in version ${to}`, ...aboutChange(setting, value)],
  doubts: ({ setting, value }) => doubtsAbout(setting, value),

  execute: async ({ setting, value }, { to }, { db }) => {
    await revertSetting(db, setting, to);
    return {
      summary: `${setting.key} is ${settingText(value)} again`,
      old: { value: setting.value, version: setting.version },
      new: { value, version: setting.version + 1, revertedTo: to },
    };
  },
});
