import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { smallTable } from '../cli/table.ts';
import { formatInstant } from '../domain/day.ts';
import { conflict, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { detect, type Detected, type RuleResult } from '../detection/run.ts';
import { rules } from '../detection/rules.ts';
import { toJson } from '../kit/export.ts';
import type { Command } from './command.ts';
import { watchOfSession } from './detecting.ts';
import { explain } from './explain.ts';

/** A week: longer ago belongs to a backtest. */
const mostHours = 168;

const hoursFrom = (typed: string | undefined): Outcome<number | undefined> => {
  if (typed === undefined) return { ok: true, value: undefined };
  return /^[1-9]\d{0,2}$/.test(typed) && Number(typed) <= mostHours
    ? { ok: true, value: Number(typed) }
    : invalid(`--hours takes a number from 1 to ${mostHours}`);
};

const failure = ({ error }: RuleResult): string | undefined => (error === undefined ? undefined : explain(error).refusal.message);

const lines = ({ run, results, finished }: Detected): readonly string[] => {
  const total = (figure: (result: RuleResult) => number) => results.reduce((sum, result) => sum + figure(result), 0);
  return [
    ...smallTable({
      columns: ['Rule', 'Title', 'Mode', 'Hits', 'New', 'Alerts', 'ms', ''],
      rows: results.map(result => [
        `R${result.rule.id}`, result.rule.title, result.mode, String(result.hits), String(result.found), String(result.opened),
        result.milliseconds.toFixed(1), failure(result) ?? '',
      ]), // prettier-ignore
    }),
    `looked at what was posted from ${formatInstant(run.since)} to ${formatInstant(run.until)} UTC: ${total(({ found }) => found)} new hits, ${total(({ opened }) => opened)} alerts opened`,
    ...(finished ? [] : ['not every rule did its part: the next run looks from the same time again']),
  ];
};

const asJson = ({ run, results, finished }: Detected): string =>
  toJson(
    {
      ok: finished,
      run: run.id,
      since: run.since,
      until: run.until,
      rules: results.map(result => ({
        rule: `R${result.rule.id}`,
        title: result.rule.title,
        mode: result.mode,
        hits: result.hits,
        new: result.found,
        alerts: result.opened,
        milliseconds: Math.round(result.milliseconds * 10) / 10,
        ...(result.error === undefined ? {} : { error: safe(failure(result) ?? '') }),
      })),
    },
    2,
  );

/** `bursar detect run`. */
export const detectRunCommand: Command = {
  name: 'detect run',
  summary: 'have the rules look at what was posted since the last run, now; consoles do the same every minute',
  flags: [
    { name: 'hours', takes: 'N', help: `look back so many hours at least, ${mostHours} at most; what was found before is nothing new` },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, { streams, signal, withSession }) => {
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('detect run takes no words'));
    const hours = hoursFrom(flags['hours']);
    if (!hours.ok) return refuse(streams, json, hours);
    return withSession(async session => {
      const watch = watchOfSession(session);
      if (!watch.ok) return refuse(streams, json, watch);
      const detected = await detect(watch.value, rules, { signal, ...(hours.value === undefined ? {} : { hours: hours.value }) });
      if (!detected) {
        return refuse(
          streams,
          json,
          conflict('another console has a run under way', 'its hits are stored by itself; try again in a minute'),
        );
      }
      await streams.write(json ? `${asJson(detected)}\n` : `${lines(detected).join('\n')}\n`);
      return detected.finished ? exitCode.done : exitCode.failed;
    });
  },
};
