import { describe, expect, test } from 'vitest';
import { stepLines } from '../../../src/kit/runbook-action.ts';
import { runDetail } from '../../../src/resources/runs/detail.ts';
import type { RunRow, StepRow } from '../../../src/resources/runs/queries.ts';
import { restore } from '../../../src/runbooks/restore.ts';
import { expectGolden, pictureOf } from '../../support/frame.tsx';
import { aConfirm, aPreview, aState, freezeForm, inMode, noon, small } from '../../support/state.ts';

const backup = '20261120T020000Z-8c1d7c44';
const input = { host: 'db1', database: 'bank', backup, note: 'the bank of this morning' };
const facts = {
  loss: { database: 'bank', transactions: 47, sums: [{ currency: 'EUR', sum: 1_204_711n }], accounts: 2, users: 1, freezes: 1, deactivations: 0 },
  drill: undefined,
  now: new Date(noon),
} as unknown as Parameters<typeof restore.preview>[0]; // prettier-ignore
const steps = restore.steps(facts, input);
const lines = [...restore.preview(facts, input), `aborted half-way: ${restore.whenAborted}`, ...stepLines(steps)];

describe('a restore is confirmed on 80 columns and 24 lines', () => {
  const confirm = aConfirm({
    form: freezeForm({ action: 'runbooks.restore', title: restore.title, label: backup, ids: [] }),
    preview: aPreview({ action: 'runbooks.restore', title: restore.title, eyes: 2, danger: 'typed-twice', lines }),
    words: 'db1 bank production',
  });
  const wish = { view: { resource: 'backups', window: { rows: [], moreBefore: false, moreAfter: false } } };
  test('what would be lost and what stays stands first', () => expectGolden('confirm-restore', inMode(small, { kind: 'confirm', confirm }, wish)));
  test('its end: every word that runs, and who else decides', () =>
    expectGolden('confirm-restore-end', inMode(small, { kind: 'confirm', confirm: { ...confirm, scroll: 900, typed: 'db1 bank pr', focus: 'words' } }, wish)));

  test('nothing of it is out of reach: scrolled through, all words of all commands were on the screen', () => {
    const seen = [0, 11, 22, 33, 44].map(scroll => pictureOf(inMode(small, { kind: 'confirm', confirm: { ...confirm, scroll } }, wish)));
    const shown = seen.join('\n').replaceAll(/\s+/g, ' ');
    for (const word of steps.flatMap(({ words }) => words).flatMap(text => text.split(/\s+/))) expect(shown).toContain(word);
  });
}); // prettier-ignore

const run = {
  id: 34n, runbook: 'restore', title: 'Restore database: db1 bank', target: 'database on db1', dangerous: true, status: 'running', queuedBy: 'lena',
  queuedAt: new Date(noon - 120_000), beganAt: new Date(noon - 118_000), finishedAt: null, abortedBy: null, abortedAt: null, error: null, done: 2, steps: 4,
  seconds: 118, paused: false, job: null, version: 1,
} as RunRow; // prettier-ignore

const step = (position: number, changes: Partial<StepRow>): StepRow => {
  const { title = '', host = 'db1', words = [] } = steps[position - 1] ?? {};
  return { position, title, host, words, status: 'waiting', seconds: null, code: null, bytes: 0n, sha256: null, tail: '', usual: null, result: null, ...changes };
}; // prettier-ignore

test('a restore half-way: how far it is, what it says now, what its parts found out', () =>
  expectGolden(
    'run-restore',
    aState(small, {
      view: {
        resource: 'runs',
        window: { rows: [run], moreBefore: false, moreAfter: false },
        cursor: run.id,
        inDetail: true,
        detail: {
          id: run.id,
          scroll: 0,
          askedAt: noon,
          sections: runDetail(run, [
            step(1, { status: 'succeeded', seconds: 40, usual: 38, code: 0, bytes: 2_541n, result: { backup, needed: 129_399_370 } }),
            step(2, { status: 'succeeded', seconds: 61, usual: 70, code: 0, bytes: 361n, result: { transactions: 60_000 } }),
            step(3, { status: 'running', seconds: 17, usual: 60, bytes: 58n, tail: '9 % what protects is carried over\n30 % what protects is carried over\n45 % 37 holds\n' }),
            step(4, { usual: 25 }),
          ]),
        },
      },
    }),
  )); // prettier-ignore

test('a restore that nobody executes says who may', () => {
  const waiting = { ...run, status: 'queued', beganAt: null, seconds: null, done: 0 } as RunRow;
  const lines = runDetail(waiting, [step(1, {}), step(2, {}), step(3, {}), step(4, {})]).flatMap(({ lines: told = [] }) =>
    told.map(line => line.join(' ')),
  );
  expect(lines.join('\n')).toMatch(/Begins in any open console of somebody with host.use.*"bursar runs follow 34"/);
  expect(runDetail(run, [step(1, {})]).flatMap(({ lines: told = [] }) => told.map(([title]) => title))).not.toContain('Begins');
});
