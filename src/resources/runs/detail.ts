import { formatInstant } from '../../domain/day.ts';
import { logLines, runFraction, runSecondsLeft, saidFraction, wideBar, withoutRepeats, withoutResult } from '../../domain/run-progress.ts';
import { commandsShown, isOver, stepMarks, type RunStatus } from '../../domain/run.ts';
import { commandLines, gutter } from '../../kit/command-lines.ts';
import type { DetailLine, DetailSection, Tone } from '../../kit/define-resource.ts';
import { lasting } from './lasting.ts';
import type { RunRow, StepRow } from './queries.ts';
import { resultSections } from './result.ts';

export const tones: Readonly<Record<RunStatus, Tone>> = {
  queued: 'info', running: 'info', succeeded: 'good', failed: 'bad', 'timed out': 'bad', aborted: 'warn', unknown: 'warn',
}; // prettier-ignore

/** Lines of the log that is written now. */
const liveLines = 15;
/** Lines of one step in the transcript, and of all together; `bursar runs transcript N` has every one. */
const longestTranscript = 400;
const allTranscripts = 2_000;

const isOpen = ({ status }: RunRow): boolean => status === 'queued' || status === 'running' || status === 'unknown';

/** Whoever agreed to it may have no right to execute it, and whoever asked may have left. */
const waitingLines = ({ seconds, id }: RunRow): readonly DetailLine[] =>
  seconds === null
    ? [
        [
          'Begins',
          `in any open console of somebody with host.use and a key, in "bursar daemon", or with "bursar runs follow ${id}"; x a gives it up`,
        ],
      ]
    : [];

/** How far a run came: a step that was aborted or skipped is over, and nothing that was done. */
const endLines = (run: RunRow, steps: readonly StepRow[]): readonly DetailLine[] => {
  const done = steps.filter(({ status }) => status === 'succeeded').length;
  return [
    ['Progress', `${wideBar(steps.length === 0 ? 0 : done / steps.length)}  ${done} of ${steps.length} steps succeeded`],
    ['Took', lasting(run.seconds)],
  ];
};

/** A host that is gone for now: what is done about it, and that nothing of it is lost. */
const silentLines = (step: StepRow | undefined): readonly DetailLine[] =>
  step === undefined
    ? []
    : [
        [
          'Unclear',
          `${step.host} does not answer: it is looked for, and goes on by itself with what was begun; then this run does too`,
          'warn',
        ],
      ];

/** How far an open run is and how long it may still take, told by its own words and by former runs. */
const progressLines = (run: RunRow, steps: readonly StepRow[]): readonly DetailLine[] => {
  if (!isOpen(run)) return endLines(run, steps);
  const over = `${run.done} of ${run.steps} steps over`;
  const left = runSecondsLeft(steps);
  const silent = steps.find(({ status }) => status === 'unknown');
  const why = silent === undefined ? 'a step of it never ran before' : `${silent.host} does not answer`;
  const estimate = left === undefined ? `no estimate: ${why}` : `about ${lasting(left)} left`;
  return [
    ['Progress', `${wideBar(runFraction(steps))}  ${over}`, tones[run.status]],
    ['Elapsed', run.seconds === null ? `waits for a console that executes; ${estimate}` : `${lasting(run.seconds)}, ${estimate}`],
    ...waitingLines(run),
    ...silentLines(silent),
  ];
};

const pauseLines = ({ paused }: RunRow): readonly DetailLine[] =>
  paused ? [['Pauses', 'after its first host: it goes on by itself within seconds; x c lets it go on now, x a ends it', 'warn']] : [];

/** What was asked to end may be waited for, or have been past the point from which it only goes on. */
const abortLines = (run: RunRow): readonly DetailLine[] => {
  if (run.abortedAt === null) return [];
  const asked = `${formatInstant(run.abortedAt)} by ${run.abortedBy ?? '-'}`;
  if (run.status === 'aborted') return [['Aborted', asked, 'warn']];
  const became = isOpen(run)
    ? 'its end is waited for'
    : run.status === 'succeeded'
      ? 'too late: it only went on to its end'
      : 'it ended otherwise';
  return [['Abort', `asked for ${asked}; ${became}`, 'warn']];
};

const runSection = (run: RunRow, steps: readonly StepRow[]): DetailSection => ({
  title: 'Run',
  lines: [
    ['Number', String(run.id)],
    ['What', run.title],
    ['Status', run.status, tones[run.status]],
    ...progressLines(run, steps),
    ...pauseLines(run),
    ['Queued', `${formatInstant(run.queuedAt)} by ${run.queuedBy}${run.job === null ? '' : `, as planned: ${run.job}`}`],
    ...(run.error === null ? [] : [['Why', run.error, tones[run.status]] satisfies DetailLine]),
    ...abortLines(run),
  ],
});

const tookOf = ({ status, seconds, usual }: StepRow): string =>
  isOver(status) || usual === null
    ? lasting(seconds)
    : // ten seconds are no wider than nine: the columns behind stay where they are
      `${seconds === null ? '' : `${lasting(seconds).padStart(4)} of `}~${lasting(usual)}`;

const nameOf = ({ position, title, status, tail }: StepRow): string => {
  const said = isOver(status) ? undefined : saidFraction(tail);
  return `${position}. ${title}${said === undefined ? '' : ` ${String(Math.floor(said * 100)).padStart(2)} %`}`;
};

const stepsSection = (steps: readonly StepRow[]): DetailSection => {
  const { commands } = commandsShown(steps.map(({ words }) => words));
  return {
    title: 'Steps',
    table: {
      columns: ['', 'Step', 'Host', 'Took', 'Code', 'Octets', 'Command'],
      rows: steps.map((step, index) => [
        stepMarks[step.status],
        nameOf(step),
        step.host,
        tookOf(step),
        step.code === null ? '-' : String(step.code),
        String(step.bytes),
        commands[index] ?? '',
      ]),
    },
  };
};

/** A log as a person reads it: what it found out has a section of its own, and nothing is said again only to be further. */
const readLog = ({ tail, result }: StepRow): readonly string[] => {
  const lines = logLines(tail);
  return withoutRepeats(result === null ? lines : withoutResult(lines).log);
};

/** The end of the log that says most now: of the step that runs, as it grows; else of what failed, or of the last that said anything. */
const logSection = (steps: readonly StepRow[]): readonly DetailSection[] => {
  const said = steps.filter(({ tail }) => tail !== '');
  const live = steps.find(({ status }) => status === 'running' || status === 'unknown');
  const step = live ?? said.find(({ status }) => status === 'failed' || status === 'timed out') ?? said.at(-1);
  if (!step || step.tail === '') return [];
  return [{ title: `Log of step ${step.position}${step === live ? ', live' : ''}`, lines: gutter(readLog(step).slice(-liveLines)) }];
};

/** What the steps found out, as the documents that they ended with. */
const foundSections = (steps: readonly StepRow[]): readonly DetailSection[] =>
  steps.flatMap(({ position, title, result }) =>
    result === null || Object.keys(result).length === 0 ? [] : resultSections(`Result of step ${position}, ${title}`, result),
  );

/** Every word that runs: the table has no room for it. */
const wordsSection = (steps: readonly StepRow[]): DetailSection => ({
  title: 'Commands, word for word',
  lines: commandLines(steps.map(({ host, words }) => ({ about: host, words }))),
});

/** What is left of every log, from the first step on; the end of each. */
const transcriptSections = (run: RunRow, steps: readonly StepRow[]): readonly DetailSection[] => {
  let room = allTranscripts;
  const sections: DetailSection[] = [];
  for (const step of steps) {
    const { position, title, tail, sha256, status } = step;
    if (status === 'running' || status === 'unknown' || tail === '') continue;
    const lines = readLog(step);
    const shown = lines.slice(-Math.min(longestTranscript, Math.max(0, room)));
    room -= shown.length;
    const left = lines.length - shown.length;
    sections.push({
      title: `Transcript of step ${position}, ${title}`,
      lines: [
        ...(left > 0
          ? [['', `${left.toLocaleString('en')} lines before: bursar runs transcript ${run.id}`, 'dim'] satisfies DetailLine]
          : []),
        ...gutter(shown),
        ...(sha256 === null ? [] : [['', `sha256 ${sha256}`, 'dim'] satisfies DetailLine]),
      ],
    });
  }
  return sections;
};

/** A run, step by step: how far it is, what it found out, what it says now, and all that it said. Of one that is not well what it says comes first. */
export const runDetail = (run: RunRow, steps: readonly StepRow[]): readonly DetailSection[] => [
  runSection(run, steps),
  stepsSection(steps),
  ...(run.status === 'succeeded' ? foundSections(steps) : []),
  ...logSection(steps),
  ...(run.status === 'succeeded' ? [] : foundSections(steps)),
  wordsSection(steps),
  ...transcriptSections(run, steps),
];
