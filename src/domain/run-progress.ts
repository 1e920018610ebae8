import { isOver, type RunStepStatus } from './run.ts';

/** A step as far as time is concerned; seconds. */
export type StepTiming = {
  readonly status: RunStepStatus;
  readonly seconds: number | null;
  readonly tail: string;
  /** The median of what this step took in former runs of its runbook; null where it never went well. */
  readonly usual: number | null;
};

/** A run as a locked screen may know it: no target, no host, no word of a log but the percentage that it says last. */
export type RunSeen = { readonly runbook: string; readonly seconds: number; readonly steps: readonly StepTiming[] };

/** What a work said last of how far it is, 0 to 1: the last line of its log that begins with `34 %`. */
export const saidFraction = (tail: string): number | undefined => {
  const [, percent] = [...tail.matchAll(/(?:^|[\r\n])\s*(\d{1,3})(?:\.\d+)? ?%/g)].at(-1) ?? [];
  return percent === undefined ? undefined : Math.min(100, Number(percent)) / 100;
};

/** How far a step is: what it says itself, else by the time that it usually takes; never quite done before it is over. */
const stepFraction = ({ status, seconds, tail, usual }: StepTiming): number => {
  if (isOver(status)) return 1;
  if (status === 'waiting') return 0;
  const said = saidFraction(tail);
  // What nobody hears of is not further because time passes
  const byTime = status !== 'unknown' && usual !== null && usual > 0 && seconds !== null ? seconds / usual : 0;
  return Math.min(0.99, said ?? byTime);
};

/** How much of the whole a step is: its usual time where each is known, else all are alike. */
const weights = (steps: readonly StepTiming[]): readonly number[] =>
  steps.every(({ usual }) => usual !== null) ? steps.map(({ usual }) => Math.max(1, usual ?? 1)) : steps.map(() => 1);

/** How far a run is, 0 to 1. */
export const runFraction = (steps: readonly StepTiming[]): number => {
  const of = weights(steps);
  const whole = of.reduce((sum, weight) => sum + weight, 0);
  return whole === 0 ? 0 : steps.reduce((sum, step, index) => sum + stepFraction(step) * (of[index] ?? 0), 0) / whole;
};

const secondsLeft = (step: StepTiming): number | undefined => {
  if (isOver(step.status)) return 0;
  const { usual, seconds, tail, status } = step;
  if (status === 'unknown') return undefined;
  if (status === 'waiting') return usual ?? undefined;
  const said = saidFraction(tail);
  const so = seconds ?? 0;
  const byTime = usual === null ? undefined : Math.max(0, usual - so);
  if (said === undefined || said < 0.05 || so < 5) return byTime;
  const byWords = (so * (1 - said)) / said;
  // The further it is, the more its own words tell than other days do: a step that says 20 % and then works for long would be thought longer with every second
  return byTime === undefined ? byWords : said * byWords + (1 - said) * byTime;
};

/** Seconds until a run is over, as far as anybody can tell; undefined where a step of it is new, or its host does not answer. */
export const runSecondsLeft = (steps: readonly StepTiming[]): number | undefined => {
  let whole = 0;
  for (const step of steps) {
    const left = secondsLeft(step);
    if (left === undefined) return undefined;
    whole += left;
  }
  return Math.round(whole);
};

/** `[#######.............]  35 %`; full only at the end. */
export const wideBar = (fraction: number, width = 20): string => {
  const full = fraction >= 1 ? width : Math.min(width - 1, Math.floor(fraction * width));
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${String(Math.floor(fraction * 100)).padStart(3)} %`;
};

/** `34 % rows are counted`. */
const progressWords = (line: string): string | undefined => /^\s*\d{1,3}(?:\.\d+)? ?% +(.+)$/.exec(line)?.[1];

/** Without what was said again only to be further: of lines that differ in nothing but how far, the last one stays. */
export const withoutRepeats = (lines: readonly string[]): readonly string[] =>
  lines.filter((line, index) => {
    const words = progressWords(line);
    return words === undefined || words !== progressWords(lines[index + 1] ?? '');
  });

/** The line of a log that holds what a work found out. */
const resultLine = /^result \{.*\}$/;

/** The document at the end of a log, and the log before it; without one the whole. */
export const withoutResult = (lines: readonly string[]): { readonly log: readonly string[]; readonly result: string | undefined } => {
  const last = lines.at(-1) ?? '';
  return resultLine.test(last) ? { log: lines.slice(0, -1), result: last.slice('result '.length) } : { log: lines, result: undefined };
};

/** Lines of a log as they would stand on a terminal: what a carriage return wrote over is gone. */
export const logLines = (tail: string): readonly string[] =>
  tail
    .trimEnd()
    .split('\n')
    .map(line => line.split('\r').findLast(part => part !== '') ?? '');
