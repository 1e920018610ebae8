/** What a program of a run ends with that was asked to end, and has put everything as it was before. */
export const undoneCode = 6;

/** A script that begins with this line ends by itself when it is asked to: nobody kills it, and its code says what became of it. */
export const endsItselfLine = '# asked to end it ends by itself, and is never killed';

type Words = readonly [program: string, ...rest: string[]];

/** Whether a step is asked to end and then followed to its own end, instead of being killed. Its words say so, whatever version wrote them down. */
export const endsItself = ([program, flag, script]: Words): boolean =>
  program === 'sh' && flag === '-c' && script !== undefined && script.startsWith(endsItselfLine);

/** The same step begun only to undo what earlier ones left: its script learns it by its own name. */
export const undoing = ([program, flag, script, , ...rest]: Words): Words => [program, flag ?? '', script ?? '', 'undo', ...rest];
