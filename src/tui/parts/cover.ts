import { formatValue } from '../../domain/health.ts';
import { lackingWords } from '../../domain/lacking.ts';
import { runFraction, wideBar, type RunSeen } from '../../domain/run-progress.ts';
import { safe } from '../../domain/safe-text.ts';
import type { Refusal } from '../../domain/outcome.ts';
import { runningBulk, type Cover } from '../state/mode.ts';
import type { Mode, State } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { formHeight } from './form-lines.ts';
import { progressBar } from './progress.ts';
import { rule } from './rule.ts';
import { paragraph, wrap } from './wrap.ts';

const time = (at: number): string => new Date(at).toISOString().slice(11, 16);

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const refusalLines = (refusal: Refusal | undefined, width: number): readonly string[] =>
  refusal === undefined
    ? []
    : [
        ...wrap(`! ${safe(refusal.message, { max: 300 })}`, width - 4).map(line => paint(`  ${line}`, 'bad')),
        ...(refusal.next === undefined ? [] : paragraph(safe(refusal.next, { max: 300 }), width)),
      ];

const signInLines = (state: State, mode: Extract<Mode, { kind: 'sign-in' }>, width: number): readonly string[] => {
  const environment = state.gate?.environment;
  const where = environment
    ? `${safe(environment.name, { max: 30 })}, ${environment.production ? 'a bank in production' : 'not in production'}`
    : '';
  return [
    paint(within('  B U R S A R  the operations console', width), 'title'),
    '',
    ...paragraph(`Sign in to ${where}. What you do there is recorded under your name.`, width),
    ...paragraph('The code is the 6 digits that your app shows, or a recovery code.', width, 'dim'),
    ...paragraph('No operator yet? "bursar operators create NAME" makes the first one.', width, 'dim'),
    '',
    ...refusalLines(mode.refusal, width),
  ];
};

/** How far a bulk is, without a word of what it is about. */
const bulkLines = (state: State, width: number): readonly string[] => {
  const bulk = runningBulk(state);
  if (!bulk) return [];
  const done = bulk.results.length;
  const count = `a bulk is running: ${done.toLocaleString('en')} of ${bulk.total.toLocaleString('en')}`;
  return [within(`  ${progressBar(done, bulk.total, Math.min(30, Math.max(8, width - 50)))} ${count}`, width), ''];
};

const mostRuns = 5;

const runLine = (state: State, { runbook, seconds, steps }: RunSeen, width: number): string => {
  const title = state.session?.registry.actions.find(({ id }) => id === `runbooks.${runbook}`)?.title ?? 'a run';
  const bar = wideBar(runFraction(steps), Math.min(20, Math.max(8, width - 60)));
  return within(`  ${bar}  ${safe(title, { max: 40 })}, ${formatValue('seconds', seconds)}`, width);
};

/** How far each run is, by the name of its runbook and without a word of what it is about. */
const runLines = (state: State, runs: readonly RunSeen[], width: number): readonly string[] => {
  if (runs.length === 0) return [];
  const more = runs.length - mostRuns;
  return [
    ...runs.slice(0, mostRuns).map(run => runLine(state, run, width)),
    ...(more > 0 ? [within(`  and ${more} more ${more === 1 ? 'run' : 'runs'}`, width)] : []),
    '',
  ];
};

const lockLines = (state: State, { lock }: Extract<Mode, { kind: 'lock' }>, width: number): readonly string[] => {
  const who = safe(state.session?.operator.name ?? '', { max: 40 });
  return [
    paint(within(`  LOCKED since ${time(lock.since)}Z`, width), 'title'),
    '',
    ...paragraph(`This is ${who}'s console: ${safe(lock.why, { max: 120 })}. What was begun is kept.`, width),
    ...bulkLines(state, width),
    ...runLines(state, lock.runs, width),
    ...(state.lostSince === undefined ? [] : paragraph('The database does not answer; unlocking waits for it.', width, 'warn')),
    ...(state.pulse.lacks === 0 ? [] : paragraph(`${capital(lackingWords(state.pulse.lacks))}.`, width, 'warn')),
    ...refusalLines(lock.refusal, width),
  ];
};

const lackingLines = (state: State, width: number): readonly string[] => [
  paint(within('  THIS BANK WAITS FOR ITS MIGRATIONS', width), 'title'),
  '',
  ...paragraph(`${capital(lackingWords(state.pulse.lacks))}.`, width, 'warn'),
  ...paragraph('Nothing is read or changed here meanwhile, and what you began is kept. It goes on by itself when they are applied.', width),
  ...(state.lostSince === undefined ? [] : paragraph('The database does not answer; it is asked again every second.', width, 'warn')),
];

const endedLines = (state: State, { why }: Extract<Mode, { kind: 'ended' }>, width: number): readonly string[] => [
  paint(within('  YOUR SESSION HAS ENDED', width), 'bad'),
  '',
  ...paragraph(`${capital(safe(why, { max: 200 }))}. Nothing more is read or changed under your name.`, width),
  ...paragraph('What was confirmed before is done or refused; the audit log says which.', width),
  '',
  ...(state.gate
    ? paragraph('Enter signs in again; what you began is kept for you. q leaves.', width)
    : paragraph('Enter leaves. Start the console again to go on.', width)),
];

const coverText = (state: State, cover: Cover, width: number): readonly string[] => {
  switch (cover.kind) {
    case 'sign-in':
      return signInLines(state, cover, width);
    case 'lock':
      return lockLines(state, cover, width);
    case 'lacking':
      return lackingLines(state, width);
    case 'ended':
      return endedLines(state, cover, width);
  }
};

const leaveLines = (state: State, width: number): readonly string[] => [
  rule('Leave Bursar?', width),
  ...(runningBulk(state) ? paragraph('The bulk that is running stops after the record it is at.', width, 'warn') : []),
  ...paragraph('Enter leaves, Esc stays.', width),
];

/** The same where there is no room for sentences: what it is, how far a bulk is, what was refused. */
const coverWords = (state: State, cover: Cover, width: number): readonly string[] => {
  const [title = ''] = coverText(state, cover, width);
  const refusal = cover.kind === 'sign-in' ? cover.refusal : cover.kind === 'lock' ? cover.lock.refusal : undefined;
  const runs = cover.kind === 'lock' ? runLines(state, cover.lock.runs, width) : [];
  return [title, ...[...bulkLines(state, width), ...runs].filter(line => line !== ''), ...refusalLines(refusal, width)];
};

/** What stands on the screen instead of the bank, and where its field begins; the fields themselves are left blank. */
export const coverLines = (
  state: State,
  cover: Cover,
  width: number,
  height: number,
): { readonly lines: readonly string[]; readonly field: { readonly from: number; readonly height: number } | undefined } => {
  const text = coverText(state, cover, width);
  if (state.mode.kind === 'quit') return { lines: [...text, ...leaveLines(state, width)].slice(-height), field: undefined };
  if (cover.kind === 'ended' || cover.kind === 'lacking') return { lines: text.slice(0, height), field: undefined };
  const sheet = cover.kind === 'lock' ? cover.lock.sheet : cover.sheet;
  const wanted = Math.min(formHeight(sheet), height);
  const room = Math.max(0, height - wanted);
  const shown = (text.length <= room ? text : coverWords(state, cover, width)).slice(0, room);
  return { lines: shown, field: { from: shown.length, height: wanted } };
};
