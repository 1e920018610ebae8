import { formatInstant } from '../../domain/day.ts';
import { logLines, runFraction, runSecondsLeft, saidFraction, wideBar } from '../../domain/run-progress.ts';
import { commandShown, isOver, stepMarks, type RunStatus } from '../../domain/run.ts';
import { safe } from '../../domain/safe-text.ts';
import type { DetailLine, DetailSection, Tone } from '../../kit/define-resource.ts';
import type { RunRow, StepRow } from './queries.ts';

export const tones: Readonly<Record<RunStatus, Tone>> = {
  queued: 'info', running: 'info', succeeded: 'good', failed: 'bad', 'timed out': 'bad', aborted: 'warn', unknown: 'warn',
}; // prettier-ignore

/** Lines of the log that is written now. */
const liveLines = 15;
/** Lines of one step in the transcript, and of all together; `bursar runs transcript N` has every one. */
const longestTranscript = 400;
const allTranscripts = 2_000;

/** Seconds as people count them: `45 s`, `3 min 5 s`, `2 h 5 min`. */
export const lasting = (seconds: number | null): string => {
  if (seconds === null) return '-';
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

const isOpen = ({ status }: RunRow): boolean => status === 'queued' || status === 'running' || status === 'unknown';

/** How far an open run is and how long it may still take, told by its own words and by former runs. */
const progressLines = (run: RunRow, steps: readonly StepRow[]): readonly DetailLine[] => {
  const over = `${run.done} of ${run.steps} steps over`;
  if (!isOpen(run)) return [['Progress', `${wideBar(run.steps === 0 ? 0 : run.done / run.steps)}  ${over}`], ['Took', lasting(run.seconds)]]; // prettier-ignore
  const left = runSecondsLeft(steps);
  const estimate = left === undefined ? 'no estimate: a step of it never ran before' : `about ${lasting(left)} left`;
  return [
    ['Progress', `${wideBar(runFraction(steps))}  ${over}`, tones[run.status]],
    ['Elapsed', run.seconds === null ? `waits for a console that executes; ${estimate}` : `${lasting(run.seconds)}, ${estimate}`],
  ];
};

const pauseLines = ({ paused }: RunRow): readonly DetailLine[] =>
  paused ? [['Pauses', 'after its first host: it goes on by itself within seconds; x c lets it go on now, x a ends it', 'warn']] : [];

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
    ...(run.abortedAt === null
      ? []
      : [['Aborted', `${formatInstant(run.abortedAt)} by ${run.abortedBy ?? '-'}`, 'warn'] satisfies DetailLine]),
  ],
});

const tookOf = ({ status, seconds, usual }: StepRow): string =>
  isOver(status) || usual === null ? lasting(seconds) : `${seconds === null ? '' : `${lasting(seconds)} of `}~${lasting(usual)}`;

const nameOf = ({ position, title, status, tail }: StepRow): string => {
  const said = isOver(status) ? undefined : saidFraction(tail);
  return `${position}. ${title}${said === undefined ? '' : ` ${Math.floor(said * 100)} %`}`;
};

const stepsSection = (steps: readonly StepRow[]): DetailSection => ({
  title: 'Steps',
  table: {
    columns: ['', 'Step', 'Host', 'Took', 'Code', 'Octets', 'Command'],
    rows: steps.map(step => [
      stepMarks[step.status],
      nameOf(step),
      step.host,
      tookOf(step),
      step.code === null ? '-' : String(step.code),
      String(step.bytes),
      commandShown(step.words),
    ]),
  },
});

const gutter = (lines: readonly string[]): readonly DetailLine[] => lines.map(line => ['|', line] as const);

/** The end of the log that says most now: of the step that runs, as it grows; else of what failed, or of the last that said anything. */
const logSection = (steps: readonly StepRow[]): readonly DetailSection[] => {
  const said = steps.filter(({ tail }) => tail !== '');
  const live = steps.find(({ status }) => status === 'running' || status === 'unknown');
  const step = live ?? said.find(({ status }) => status === 'failed' || status === 'timed out') ?? said.at(-1);
  if (!step || step.tail === '') return [];
  return [{ title: `Log of step ${step.position}${step === live ? ', live' : ''}`, lines: gutter(logLines(step.tail).slice(-liveLines)) }];
};

const told = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What a step found out, as the document that it ended with. */
const resultSections = (steps: readonly StepRow[]): readonly DetailSection[] =>
  steps.flatMap(({ position, title, result }) =>
    result === null ? [] : [{ title: `Result of step ${position}, ${title}`, lines: Object.entries(result).map(([key, value]) => [safe(key, { max: 40 }), told(value)] as const) }],
  ); // prettier-ignore

/** What is left of every log, from the first step on; the end of each. */
const transcriptSections = (run: RunRow, steps: readonly StepRow[]): readonly DetailSection[] => {
  let room = allTranscripts;
  const sections: DetailSection[] = [];
  for (const { position, title, tail, sha256, status } of steps) {
    if (status === 'running' || status === 'unknown' || tail === '') continue;
    const lines = logLines(tail);
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

/** A run, step by step: how far it is, what it says now, what it found out, and all that it said. */
export const runDetail = (run: RunRow, steps: readonly StepRow[]): readonly DetailSection[] => [
  runSection(run, steps),
  stepsSection(steps),
  ...logSection(steps),
  ...resultSections(steps),
  ...transcriptSections(run, steps),
];
