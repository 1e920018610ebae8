import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict } from '../../domain/outcome.ts';
import { parseSetting, settingText } from '../../domain/setting.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setSetting } from './queries.ts';
import { aboutChange, doubtsAbout, eyesOf, fitting, SettingId, settingFor, settingTarget, type ChangeFacts } from './target.ts';

export const editSetting = defineAction({
  id: 'settings.edit',
  title: 'Change setting',
  past: 'changed',
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
    value: z.string().trim().min(1, 'is missing').max(2_000, 'takes at most 2,000 characters'),
    note: Note,
  }),

  gather: async ({ id, value }, context) => {
    const setting = await settingFor(id, context);
    if (!setting.ok) return setting;
    const parsed = parseSetting(setting.value, value);
    if (!parsed.ok) return parsed;
    return settingText(parsed.value) === settingText(setting.value.value)
      ? conflict(`${setting.value.key} is ${settingText(parsed.value)} already`)
      : fitting(setting.value, parsed.value, context);
  },
  target: ({ setting }) => settingTarget(setting),
  preview: ({ setting, value }) => aboutChange(setting, value),
  doubts: ({ setting, value }) => doubtsAbout(setting, value),

  execute: async ({ setting, value }, _input, { db }) => {
    await setSetting(db, setting, value);
    return {
      summary: `${setting.key} is ${settingText(value)}`,
      old: { value: setting.value, version: setting.version },
      new: { value, version: setting.version + 1 },
    };
  },

  waysBack: ({ setting }, { note }) => [
    { action: 'settings.revert', input: { id: String(setting.id), to: String(setting.version), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
