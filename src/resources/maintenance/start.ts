import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { MaintenanceMessage, parseInstant } from '../../domain/maintenance.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { maintenanceNow, openMaintenance, presentNow, type MaintenanceRow } from './queries.ts';
import { Lasting, meaningOf, newWindow, presentTable, secondsOf, windowTarget, windowWords } from './target.ts';

const common = { permission: 'maintenance.edit', eyes: 1, danger: 'typed', verb: 'create', entity: 'maintenance' } as const;

const effectOf = (window: MaintenanceRow) => ({
  summary: `maintenance from ${windowWords(window)}`,
  target: windowTarget(window),
  new: { message: window.message, from: window.fromAt, until: window.until },
});

const endAgain = (effect: { readonly target?: { readonly id: string } }) =>
  effect.target === undefined ? [] : [{ action: 'maintenance.end', input: { id: effect.target.id, note: 'undone: it was not to begin' } }];

export const startMaintenance = defineAction({
  ...common,
  id: 'maintenance.start',
  title: 'Start maintenance mode',
  past: 'started',
  input: z.object({ for: Lasting, message: MaintenanceMessage, note: Note }),
  gather: async ({ for: span }, { db }) => {
    const seconds = secondsOf(span);
    if (!seconds.ok) return seconds;
    const now = await maintenanceNow(db);
    if (now) return conflict(`maintenance is on until ${formatInstant(now.until)} UTC`, 'extend it, or end it');
    return done({ seconds: seconds.value, present: await presentNow(db) });
  },
  target: () => newWindow,
  preview: (_facts, { for: span, message }) => [
    `maintenance mode is on at once, for ${span}; then it ends by itself`,
    ...meaningOf(message),
  ],
  evidence: ({ present }) => [presentTable(present)],
  execute: async ({ seconds }, { message }, { db }) => effectOf(await openMaintenance(db, message, null, seconds)),
  waysBack: (_facts, _input, effect) => endAgain(effect),
});

export const planMaintenance = defineAction({
  ...common,
  id: 'maintenance.plan',
  title: 'Plan maintenance mode',
  past: 'planned',
  input: z.object({
    from: z.string().trim().meta({ title: 'From, such as 2026-11-22 02:00 in UTC' }),
    for: Lasting,
    message: MaintenanceMessage,
    note: Note,
  }),
  gather: async ({ from, for: span }, { db }) => {
    const [at, seconds] = [parseInstant(from), secondsOf(span)];
    if (!at.ok) return at;
    if (!seconds.ok) return seconds;
    return done({ at: at.value, seconds: seconds.value, present: await presentNow(db) });
  },
  target: () => newWindow,
  preview: ({ at, seconds }, { message }) => [
    `maintenance mode is on from ${formatInstant(at)} to ${formatInstant(new Date(at.getTime() + seconds * 1_000))} UTC, by itself`,
    ...meaningOf(message),
  ],
  evidence: ({ present }) => [presentTable(present)],
  execute: async ({ at, seconds }, { message }, { db }) => effectOf(await openMaintenance(db, message, at, seconds)),
  waysBack: (_facts, _input, effect) => endAgain(effect),
});
