import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { smallTable } from '../cli/table.ts';
import { invalid } from '../domain/outcome.ts';
import { rules } from '../detection/rules.ts';
import { readDetectionSettings, type DetectionSettings } from '../detection/settings.ts';
import { shadowResults, type ShadowResult } from '../detection/shadow.ts';
import { toJson } from '../kit/export.ts';
import type { Command } from './command.ts';
import { daysFrom, ruleNamed, watchOfSession } from './detecting.ts';

const usualDays = 7;
const mostDays = 365;

type Told = ShadowResult & { readonly title: string; readonly mode: string };

/** Rules in shadow that saw nothing are told of too. */
const withQuietOnes = (results: readonly ShadowResult[], settings: DetectionSettings, only: number | undefined): readonly Told[] =>
  rules
    .filter(({ id }) => only === undefined || id === only)
    .map(rule => ({ rule, mode: settings.ruleOf(rule).mode, result: results.find(result => result.rule === rule.id) }))
    .filter(({ mode, result }) => mode === 'shadow' || result !== undefined || only !== undefined)
    .map(({ rule, mode, result }) => ({
      ...(result ?? { rule: rule.id, hits: 0, accounts: 0, wouldOpen: 0, wouldJoin: 0 }),
      title: rule.title,
      mode,
    }));

const linesOf = (told: readonly Told[], days: number): readonly string[] => {
  if (told.length === 0) return ['no rule is in shadow; set one with: bursar settings edit detection.r16.mode --value shadow'];
  return [
    ...smallTable({
      columns: ['Rule', 'Title', 'Mode', 'Hits', 'Accounts', 'Would open', 'Would join'],
      rows: told.map(({ rule, title, mode, hits, accounts, wouldOpen, wouldJoin }) => [
        `R${rule}`, title, mode, ...[hits, accounts, wouldOpen, wouldJoin].map(String),
      ]), // prettier-ignore
    }),
    `of the last ${days} days; "would open": accounts on which it would have opened alerts that the live rules alone did not, "would join": on which they did`,
  ];
};

/** `bursar detect shadow`. */
export const detectShadowCommand: Command = {
  name: 'detect shadow',
  summary: 'what rules in shadow saw, and what they would have raised',
  flags: [
    { name: 'days', takes: 'N', help: `of so many days; ${usualDays} unless said, ${mostDays} at most` },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, { streams, withSession }) => {
    const json = flags['json'] === 'yes';
    const [word, ...more] = words;
    if (more.length > 0) return refuse(streams, json, invalid('detect shadow takes one rule or none'));
    const rule = word === undefined ? undefined : ruleNamed(word);
    if (rule && !rule.ok) return refuse(streams, json, rule);
    const days = daysFrom(flags['days'], usualDays, mostDays);
    if (!days.ok) return refuse(streams, json, days);
    return withSession(async session => {
      const watch = watchOfSession(session);
      if (!watch.ok) return refuse(streams, json, watch);
      const settings = await readDetectionSettings(watch.value);
      const told = withQuietOnes(await shadowResults(watch.value, days.value, rule?.value.id), settings, rule?.value.id);
      await streams.write(
        json ? `${toJson({ ok: true, days: days.value, rules: told }, 2)}\n` : `${linesOf(told, days.value).join('\n')}\n`,
      );
      return exitCode.done;
    });
  },
};
