import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { smallTable } from '../cli/table.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { backtest, type Backtest, type Verdict } from '../detection/backtest.ts';
import type { AnyRule } from '../detection/define-rule.ts';
import { readDetectionSettings, settingOf } from '../detection/settings.ts';
import { toJson } from '../kit/export.ts';
import type { Command } from './command.ts';
import { daysFrom, ruleNamed, watchOfSession } from './detecting.ts';

const usualDays = 30;
const mostDays = 365;

type Parameters = Readonly<Record<string, number>>;
type Wish = { readonly rule: AnyRule; readonly days: number; readonly changes: Parameters };

/** `count=4,minutes=20`, each a parameter of the rule and within its bounds. */
const changesFrom = (rule: AnyRule, typed: string | undefined): Outcome<Parameters> => {
  const changes: Record<string, number> = {};
  for (const part of typed === undefined ? [] : typed.split(/[,\s]+/).filter(Boolean)) {
    const [name = '', value = ''] = part.split('=');
    const parameter = rule.parameters[name];
    if (!parameter) {
      const known = Object.keys(rule.parameters);
      return invalid(
        `R${rule.id} has no parameter ${safe(name, { max: 30 })}`,
        known.length === 0 ? 'it has none at all' : `it has ${known.join(', ')}`,
      );
    }
    const { min, max } = parameter;
    if (!/^\d{1,9}(\.\d{1,3})?$/.test(value) || Number(value) < min || Number(value) > max)
      return invalid(`${name} lies between ${min} and ${max}`);
    changes[name] = Number(value);
  }
  return done(changes);
};

const wishFrom = (words: readonly string[], flags: Readonly<Record<string, string>>): Outcome<Wish> => {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0) return invalid('detect backtest takes one rule', 'such as: bursar detect backtest R5');
  const rule = ruleNamed(word);
  if (!rule.ok) return rule;
  const days = daysFrom(flags['days'], usualDays, mostDays);
  if (!days.ok) return days;
  const changes = changesFrom(rule.value, flags['set']);
  return changes.ok ? done({ rule: rule.value, days: days.value, changes: changes.value }) : changes;
};

const verdictRow = (name: string, verdict: Verdict): readonly string[] => [
  name,
  ...[verdict.hits, verdict.accounts, verdict.confirmed, verdict.valuable, verdict.falsePositive, verdict.undecided].map(String),
];

const told = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'no parameters';

const linesOf = ({ rule, changes }: Wish, current: Parameters, tried: Parameters, result: Backtest): readonly string[] => {
  const differs = Object.keys(changes).length > 0;
  return [
    `R${rule.id} ${rule.title}: ${told(current)}${differs ? `; tried with ${told(tried)}` : ''}`,
    '',
    ...smallTable({
      columns: differs ? ['Day', 'Hits', 'Tried'] : ['Day', 'Hits'],
      rows: result.days.map(day => [day.day, String(day.current), ...(differs ? [String(day.tried)] : [])]),
    }),
    '',
    ...smallTable({
      columns: ['', 'Hits', 'Accounts', 'Confirmed', 'Valuable', 'False positive', 'Undecided'],
      rows: [verdictRow('as it is', result.current), ...(differs ? [verdictRow('tried', result.tried)] : [])],
    }),
    '',
    'The last four count alerts of this rule that these hits led to, by what was decided about them.',
    ...Object.keys(changes).map(name => `Set it for good: bursar settings edit ${settingOf(rule, name)} --value ${changes[name]}`),
  ];
};

/** `bursar detect backtest RULE`. */
export const detectBacktestCommand: Command = {
  name: 'detect backtest',
  summary: 'ask a rule about the past, as it is set and as you think of setting it; stores nothing',
  flags: [
    { name: 'days', takes: 'N', help: `business days, today included; ${usualDays} unless said, ${mostDays} at most` },
    { name: 'set', takes: 'NAME=VALUE', help: 'a parameter to try; several stand behind one another with commas' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, { streams, signal, withSession }) => {
    const json = flags['json'] === 'yes';
    const wish = wishFrom(words, flags);
    if (!wish.ok) return refuse(streams, json, wish);
    const { rule, days, changes } = wish.value;
    return withSession(async session => {
      const watch = watchOfSession(session);
      if (!watch.ok) return refuse(streams, json, watch);
      const current = (await readDetectionSettings(watch.value)).ruleOf(rule).parameters;
      const tried = Object.keys(changes).length > 0 ? { ...current, ...changes } : current;
      const result = await backtest(watch.value, rule, { current, tried }, { days, signal });
      const document = { ok: true, rule: `R${rule.id}`, parameters: { current, tried }, ...result };
      await streams.write(json ? `${toJson(document, 2)}\n` : `${linesOf(wish.value, current, tried, result).join('\n')}\n`);
      return exitCode.done;
    });
  },
};
