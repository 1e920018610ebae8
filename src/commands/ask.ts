import type { Streams } from '../cli/streams.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { passwordObjection } from '../domain/password-check.ts';

/** A secret of a variable, or asked for at the terminal; never an argument, which everybody on the machine reads. */
export const askSecret = async (streams: Streams, variable: string, what: string): Promise<Outcome<string>> => {
  const given = streams.environment[variable] ?? (await streams.ask?.(`${what}: `, { hidden: true }));
  return given === undefined || given === ''
    ? invalid(`${what.toLowerCase()} is missing`, `set ${variable}, or run the command at a terminal and be asked`)
    : done(given);
};

const tries = 3;

/** A new password, typed twice; what speaks against it is said at once. `about` is what others know of the person. */
export const askNewPassword = async (streams: Streams, about: readonly string[]): Promise<Outcome<string>> => {
  const variable = 'BURSAR_NEW_PASSWORD';
  const given = streams.environment[variable];
  if (given !== undefined) {
    const objection = await passwordObjection(given, about);
    return objection === undefined ? done(given) : invalid(`the password ${objection}`);
  }
  if (!streams.ask) return invalid('a new password is missing', `set ${variable}, or run the command at a terminal and be asked`);
  for (let left = tries; left > 0; left--) {
    const password = await streams.ask('New password, 15 characters or more: ', { hidden: true });
    const objection = await passwordObjection(password, about);
    if (objection !== undefined) streams.say(`the password ${objection}`);
    else if ((await streams.ask('The same again: ', { hidden: true })) !== password) streams.say('the two were not the same');
    else return done(password);
  }
  return invalid(`no password was chosen in ${tries} tries`, 'run the command again');
};

export const askYes = async (streams: Streams, question: string, otherwise: boolean): Promise<boolean> => {
  const answer = (await streams.ask?.(`${question} ${otherwise ? '[Y/n]' : '[y/N]'} `))?.trim() ?? '';
  return answer === '' ? otherwise : /^y(es)?$/i.test(answer);
};
