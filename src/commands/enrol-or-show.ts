import type { Database } from '../database/client.ts';
import { done, type Outcome } from '../domain/outcome.ts';
import { askYes } from './ask.ts';
import type { CommandContext } from './command.ts';
import { enrolAtTerminal } from './enrolling.ts';

/** Does what makes a code to enrol with, then lets the person enrol here and now, or shows the code at this terminal and nowhere else. */
export const enrolOrShow = async (
  { config, streams }: CommandContext,
  { writes: db }: Database,
  { name, code }: { readonly name: string; readonly code: string },
  make: () => Promise<Outcome<string>>,
): Promise<Outcome<string>> => {
  const made = await make();
  if (!made.ok) return made;
  if (await askYes(streams, `${made.value}. Is ${name} at this terminal, to enrol now?`, true)) {
    const enrolled = await enrolAtTerminal({ db, config, streams, name, enrolmentCode: code });
    if (enrolled.ok) return done(`${made.value}, who is enrolled: sign in with "bursar login ${name}", or start bursar`);
    streams.say(`not enrolled yet: ${enrolled.refusal.message}`);
  }
  streams.say(`Code to enrol with, shown this once; give it to ${name} alone: ${code}`);
  return done(`${made.value}, who has 24 hours to enrol: bursar enrol ${name}`);
};
