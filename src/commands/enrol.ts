import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { invalid } from '../domain/outcome.ts';
import { askSecret } from './ask.ts';
import type { Command } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { enrolAtTerminal } from './enrolling.ts';

/** `bursar enrol NAME`: a new operator, or one who was reset, chooses password and one-time codes. */
export const enrolCommand: Command = {
  name: 'enrol',
  summary: 'NAME: choose your password and one-time codes with the code that was sent to you',
  flags: [],
  run: async ({ words }, context) => {
    const { config, streams } = context;
    const [name, ...rest] = words;
    if (name === undefined || rest.length > 0)
      return refuse(streams, false, invalid('enrol takes your operator name', 'write bursar enrol NAME'));
    if (!streams.ask)
      return refuse(
        streams,
        false,
        invalid('enrolling needs a terminal', 'run it where the one-time codes can be scanned from the screen'),
      );
    const code = await askSecret(streams, 'BURSAR_ENROLMENT_CODE', 'Code to enrol with');
    if (!code.ok) return refuse(streams, false, code);
    return withConsoleDatabase(context, 'console', async ({ writes: db }) => {
      const enrolled = await enrolAtTerminal({ db, config, streams, name, enrolmentCode: code.value });
      if (!enrolled.ok) return refuse(streams, false, enrolled);
      await streams.write(`${name} is enrolled: sign in with "bursar login ${name}", or start bursar\n`);
      return exitCode.done;
    });
  },
};
