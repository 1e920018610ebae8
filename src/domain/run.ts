import { createHash } from 'node:crypto';

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

/** Among a step's words it stands for the id of the run, which is known only once the run is asked for: a work that is begun again under it does nothing twice. */
export const runWord = '{run}';

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Gives a program to a folder: folder and words are arguments of the shell, which reads none of them. */
const inFolderScript = 'cd -- "$1" && shift && exec "$@"';

/** The words of a program in a folder. */
export const inFolder = (folder: string, words: readonly string[]): readonly [program: string, ...rest: string[]] => [
  'sh', '-c', inFolderScript, 'sh', folder, ...words,
]; // prettier-ignore

/** A script longer than this, in characters, is called by a number where its command stands, and follows word for word. */
const longestInline = 60;

const scriptIn = ([program, flag, script]: readonly string[]): string | undefined =>
  program === 'sh' && flag === '-c' && script !== undefined && (script.trim().includes('\n') || script.length > longestInline)
    ? script
    : undefined;

/** The scripts of some commands, each once: ten hosts share one. */
const scriptsOf = (commands: readonly (readonly string[])[]): readonly string[] => [
  ...new Set(commands.flatMap(words => scriptIn(words) ?? [])),
];

const commandWords = (words: readonly string[], scripts: readonly string[]): string => {
  if (words[2] === inFolderScript) return `in ${words[4] ?? ''}: ${commandWords(words.slice(5), scripts)}`;
  const script = scriptIn(words);
  return words
    .map((word, index) => {
      if (index === 2 && script !== undefined) return `(script ${scripts.indexOf(script) + 1})`;
      return word === runWord || plainWord.test(word) ? word : JSON.stringify(word);
    })
    .join(' ');
};

export type Script = { readonly heading: string; readonly text: string };
/** Commands as a person reads them, in their order, and what these words leave to be said. */
type Shown = { readonly commands: readonly string[]; readonly scripts: readonly Script[]; readonly notes: readonly string[] };

/** Commands as a person reads them: every word that runs stands in one of these lines, constant scripts once for all. */
export const commandsShown = (commands: readonly (readonly string[])[]): Shown => {
  const scripts = scriptsOf(commands);
  return {
    commands: commands.map(words => commandWords(words, scripts)),
    scripts: scripts.map((script, index) => ({
      heading: `script ${index + 1} (sha256 ${createHash('sha256').update(script).digest('hex')}):`,
      text: script.replace(/^\n+|\n+$/g, ''),
    })),
    notes: [
      ...(commands.some(words => words.includes(runWord)) ? [`${runWord} is the id that the run gets`] : []),
      ...(commands.some(words => words[2] === inFolderScript)
        ? [`"in FOLDER: COMMAND" is sh -c ${JSON.stringify(inFolderScript)} sh FOLDER COMMAND`]
        : []),
    ],
  };
};

/** A script among the lines of a preview: its heading, then its text. */
export const scriptLine = ({ heading, text }: Script): string => `${heading}\n${text}`;

/** Only what begins so is a script; a line break in any other text is that text's own and is shown as a sign. */
const scriptHeading = /^(?:NOW: |when it was asked for: )?script \d{1,4} \(sha256 [0-9a-f]{64}\):\n/;

/** A line of a preview, apart from the script that follows it. */
export const partsOfLine = (line: string): { readonly head: string; readonly script: readonly string[] } => {
  const heading = scriptHeading.exec(line)?.[0];
  return heading === undefined ? { head: line, script: [] } : { head: heading.trimEnd(), script: line.slice(heading.length).split('\n') };
};
