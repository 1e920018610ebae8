import type { z } from 'zod';
import { done } from '../domain/outcome.ts';
import { commandsShown, scriptLine } from '../domain/run.ts';
import { defineAction, type Action, type Target } from './define-action.ts';
import type { Runbook, RunStep } from './define-runbook.ts';
import { offerHosts } from './offers.ts';
import { queueRun, type NewRun } from './queue-run.ts';

type Planned<Facts> = { readonly facts: Facts; readonly steps: readonly RunStep[] };

const limitWords = (seconds: number): string => {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
};

/** Steps as a person reads them before agreeing: where, and every word that will run; scripts once, after the steps. */
export const stepLines = (steps: readonly RunStep[]): readonly string[] => {
  const { commands, scripts, notes } = commandsShown(steps.map(({ words }) => words));
  return [
    ...steps.map(
      ({ host, timeoutSeconds, pauseAfter }, index) =>
        `${index + 1}. ${host}: ${commands[index] ?? ''} (at most ${limitWords(timeoutSeconds)}${pauseAfter ? ', then a pause' : ''})`,
    ),
    ...notes,
    ...scripts.map(scriptLine),
  ];
};

/** What runs exclude one another by is the id; the label is what a person reads and types. */
const targetOf = <Input extends z.ZodObject, Facts>(runbook: Runbook<Input, Facts>, facts: Facts, input: z.output<Input>): Target => {
  const id = runbook.target(facts, input);
  return { id, label: runbook.label?.(facts, input) ?? id, version: 0 };
};

/** The run that a runbook makes, as it is written down. */
export const runOf = <Input extends z.ZodObject, Facts>(
  runbook: Runbook<Input, Facts>,
  facts: Facts,
  input: z.output<Input>,
  steps: readonly RunStep[],
): NewRun => {
  const { id, version, dangerous, title } = runbook;
  const { id: target, label } = targetOf(runbook, facts, input);
  return { runbook: id, version, dangerous, target, title: `${title}: ${label}`.slice(0, 200), input, steps };
};

/** The action by which a runbook is asked for: it writes its steps down, and whichever console may execute does. */
export const runbookAction = <Input extends z.ZodObject, Facts>(runbook: Runbook<Input, Facts>): Action<Input, Planned<Facts>> =>
  defineAction({
    id: `runbooks.${runbook.id}`,
    title: runbook.title,
    past: runbook.past,
    permission: runbook.permission,
    version: runbook.version,
    eyes: runbook.eyes,
    ...(runbook.eyesFor === undefined
      ? {}
      : { eyesFor: ({ facts }: Planned<Facts>, input: z.output<Input>) => runbook.eyesFor?.(facts, input) ?? 1 }),
    ...(runbook.checker === undefined ? {} : { checker: runbook.checker }),
    danger: runbook.danger,
    ...(runbook.code === undefined ? {} : { code: runbook.code }),
    verb: 'create',
    entity: 'run',
    input: runbook.input,
    offers: async db => ({ ...(await offerHosts(db, Object.keys(runbook.input.shape))), ...(await runbook.offers?.(db)) }),

    gather: async (input, context) => {
      const gathered = await runbook.gather(input, context);
      return gathered.ok ? done({ facts: gathered.value, steps: runbook.steps(gathered.value, input) }) : gathered;
    },
    target: ({ facts }, input) => targetOf(runbook, facts, input),
    preview: ({ facts, steps }, input) => [
      ...runbook.preview(facts, input),
      `aborted half-way: ${runbook.whenAborted}`,
      ...stepLines(steps),
    ],

    execute: async ({ facts, steps }, input, { db }) => {
      const wanted = runOf(runbook, facts, input, steps);
      const { target, title: label } = wanted;
      const run = await queueRun(db, wanted);
      return {
        summary: `queued run ${run.number}`,
        target: { id: String(run.number), label, version: 0 },
        new: { run: String(run.number), target, steps: steps.length },
      };
    },
  });
