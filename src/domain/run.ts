export const runStatuses = ['queued', 'running', 'succeeded', 'failed', 'timed out', 'aborted', 'unknown'] as const;
export type RunStatus = (typeof runStatuses)[number];

const stepStatuses = ['waiting', 'running', 'succeeded', 'failed', 'timed out', 'aborted', 'unknown', 'skipped'] as const;
export type RunStepStatus = (typeof stepStatuses)[number];

const over: ReadonlySet<RunStepStatus> = new Set(['succeeded', 'failed', 'timed out', 'aborted', 'skipped']);

/** Whether nothing more becomes of a step. */
export const isOver = (status: RunStepStatus): boolean => over.has(status);

/** A mark of one column for how a step stands, readable without colour. */
export const stepMarks: Readonly<Record<RunStepStatus, string>> = {
  waiting: '.', running: '>', succeeded: '+', failed: 'x', 'timed out': 't', aborted: 'a', unknown: '?', skipped: '-',
}; // prettier-ignore

const barWidth = 8;

/** `[####----] 2/4` */
export const runProgress = ({ done, steps }: { readonly done: number; readonly steps: number }): string => {
  const full = steps === 0 ? 0 : Math.floor((done * barWidth) / steps);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${done}/${steps}`;
};

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Gives a program to a folder: folder and words are arguments of the shell, which reads none of them. */
const inFolderScript = 'cd -- "$1" && shift && exec "$@"';

/** The words of a program in a folder. */
export const inFolder = (folder: string, words: readonly string[]): readonly [program: string, ...rest: string[]] => [
  'sh', '-c', inFolderScript, 'sh', folder, ...words,
]; // prettier-ignore

/** A command as a person reads it. A script of several lines is told by its length: it is one of ours, constant, and stands with the run word for word. */
export const commandShown = (words: readonly string[]): string => {
  if (words[2] === inFolderScript) return `in ${words[4] ?? ''}: ${commandShown(words.slice(5))}`;
  return words
    .map((word, index) => {
      const lines = word.trim().split('\n').length;
      if (index === 2 && words[0] === 'sh' && words[1] === '-c' && lines > 1) return `(a script of ${lines} lines)`;
      return plainWord.test(word) ? word : JSON.stringify(word);
    })
    .join(' ');
};
