import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { overWords } from './over.ts';
import { continueRun as letGoOn, findRun, type RunRow } from './queries.ts';

/** Why a run cannot be let go on; undefined if it can. */
export const whyNotContinue = ({ id, paused, status }: RunRow): string | undefined => {
  if (paused) return undefined;
  return ['queued', 'running', 'unknown'].includes(status) ? `run ${id} does not pause now` : overWords(id, status);
};

export const continueRun = defineAction({
  id: 'runs.continue',
  title: 'Continue run',
  past: 'continued',
  permission: 'run.start',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'run',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Run' }), note: Note }),
  irreversible: 'it can be aborted at any time',

  gather: async ({ id }, { db }) => {
    const run = await findRun(db, id);
    if (!run) return notFound(`there is no run ${id}`);
    const objection = whyNotContinue(run);
    return objection === undefined ? done(run) : conflict(objection);
  },
  target: run => ({ id: String(run.id), label: run.title, version: 0 }),
  preview: run => [
    `run ${run.id} (${run.title}) goes on at once with the hosts after the first; otherwise it does so by itself within seconds`,
  ],

  execute: async (run, _input, { db }) => {
    await letGoOn(db, run.id);
    return { summary: `run ${run.id} goes on`, new: { continued: true } };
  },
});
