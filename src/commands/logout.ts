import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { endSession } from '../database/credentials.ts';
import { invalid } from '../domain/outcome.ts';
import { addressOf } from './anchors.ts';
import type { Command } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { forgetLogin, LoginFileError, readLogin, type Login } from './login-file.ts';

/** A login that others could read is forgotten as well; its session ends by itself. */
const loginOf = async (home: string, address: string): Promise<Login | undefined> => {
  try {
    return await readLogin(home, address);
  } catch (error) {
    if (error instanceof LoginFileError) return undefined;
    throw error;
  }
};

/** `bursar logout`: ends the session that `bursar login` began. */
export const logoutCommand: Command = {
  name: 'logout',
  summary: 'end the session that "bursar login" began',
  flags: [],
  run: async ({ words }, context) => {
    const { config, streams } = context;
    if (words.length > 0) return refuse(streams, false, invalid('logout takes no words'));
    const address = addressOf(config);
    const login = await loginOf(config.home, address);
    if (login) await withConsoleDatabase(context, 'console', ({ writes }) => endSession(writes, login.token));
    await forgetLogin(config.home, address);
    await streams.write(login ? `signed out ${login.name}\n` : 'nobody was signed in\n');
    return exitCode.done;
  },
};
