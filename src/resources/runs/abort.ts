import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { overWords } from './over.ts';
import { abortRun as askForEnd, findRun, type RunRow } from './queries.ts';

/** Why a run cannot be aborted; undefined if it can. */
export const whyNotAbort = ({ id, status, abortedAt }: RunRow): string | undefined => {
  if (!['queued', 'running', 'unknown'].includes(status)) return overWords(id, status);
  return abortedAt === null ? undefined : `somebody asked for the end of run ${id} already`;
};

export const abortRun = defineAction({
  id: 'runs.abort',
  title: 'Abort run',
  past: 'aborted',
  permission: 'run.abort',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'run',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Run' }), note: Note }),
  irreversible: 'what its steps did until then stays done',

  gather: async ({ id }, { db }) => {
    const run = await findRun(db, id);
    if (!run) return notFound(`there is no run ${id}`);
    const objection = whyNotAbort(run);
    return objection === undefined ? done(run) : conflict(objection);
  },
  // A run moves while somebody reads about it: that it is open is checked again when it is aborted
  target: run => ({ id: String(run.id), label: run.title, version: 0 }),
  preview: run => [
    `run ${run.id} (${run.title}) ends: its step that runs gets TERM, after five seconds KILL (a part of a restore is waited for instead: it undoes or finishes what it began); what comes after is skipped`,
    `${run.done} of ${run.steps} steps are over`,
  ],

  execute: async (run, _input, { db }) => {
    const status = await askForEnd(db, run.id);
    return {
      summary: status === 'aborted' ? `aborted run ${run.id} before it began` : `asked for the end of run ${run.id}`,
      old: { status: run.status },
      new: { abortAsked: true },
    };
  },
});
