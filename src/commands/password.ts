import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { changePasswordWith } from '../database/credentials.ts';
import { refusalOf } from '../database/fault.ts';
import { forbidden, invalid, type Outcome } from '../domain/outcome.ts';
import { addressOf } from './anchors.ts';
import { askNewPassword, askSecret } from './ask.ts';
import type { Command, CommandContext } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { readLogin } from './login-file.ts';

const change = async (context: CommandContext): Promise<Outcome<string>> => {
  const { config, streams } = context;
  const login = await readLogin(config.home, addressOf(config));
  if (!login) return forbidden('nobody is signed in', 'sign in with "bursar login NAME"');
  const current = await askSecret(streams, 'BURSAR_PASSWORD', 'Password until now');
  if (!current.ok) return current;
  const chosen = await askNewPassword(streams, [login.name]);
  if (!chosen.ok) return chosen;
  return withConsoleDatabase(context, 'console', async ({ writes: db }) => {
    try {
      const changed = await changePasswordWith(db, { ...login, current: current.value, chosen: chosen.value });
      return changed.ok ? { ok: true, value: login.name } : changed;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      throw error;
    }
  });
};

/** `bursar password`: changes one's own; what was signed in elsewhere is signed out. */
export const passwordCommand: Command = {
  name: 'password',
  summary: 'change your own password; your other sessions end',
  flags: [],
  run: async ({ words }, context) => {
    const { streams } = context;
    if (words.length > 0) return refuse(streams, false, invalid('password takes no words: it asks for both passwords'));
    const changed = await change(context);
    if (!changed.ok) return refuse(streams, false, changed);
    await streams.write(`the password of ${changed.value} is changed; every other session of theirs has ended\n`);
    return exitCode.done;
  },
};
