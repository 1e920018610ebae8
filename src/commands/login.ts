import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { endOfSession, endSession } from '../database/credentials.ts';
import { readSecretKey, seedKeyOf } from '../database/secret-key.ts';
import { readBankFacts, signInWith } from '../database/sign-in.ts';
import { formatInstant } from '../domain/day.ts';
import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { addressOf } from './anchors.ts';
import { askSecret } from './ask.ts';
import type { Command, CommandContext } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { clientOf, newToken } from './entry.ts';
import { readLogin, writeLogin } from './login-file.ts';

const signIn = (context: CommandContext, name: string): Promise<Outcome<Date>> =>
  withConsoleDatabase(context, 'console', async ({ writes: db }) => {
    const { config, streams } = context;
    if ((await readBankFacts(db)).demo)
      return conflict('a demo signs its operators in by name', 'add --as ROLE to a command, such as --as manager');
    const password = await askSecret(streams, 'BURSAR_PASSWORD', 'Password');
    if (!password.ok) return password;
    const code = await askSecret(streams, 'BURSAR_CODE', 'One-time code');
    if (!code.ok) return code;
    const [seedKey, earlier] = await Promise.all([
      readSecretKey(config.home, config.secretKeyFile).then(seedKeyOf),
      readLogin(config.home, addressOf(config)),
    ]);
    const token = newToken();
    const client = clientOf(config);
    const signedIn = await signInWith(db, { name, password: password.value, code: code.value, seedKey, token, kind: 'token', client });
    if (!signedIn.ok) return signedIn;
    const until = await endOfSession(db, token);
    if (!until) return conflict('the session was ended at once', 'try again');
    await writeLogin(config.home, addressOf(config), { name, token, expiresAt: until.toISOString() });
    if (earlier) await endSession(db, earlier.token);
    return done(until);
  });

/** `bursar login NAME`: leaves a key for the commands after it, readable by this account alone, for one hour. */
export const loginCommand: Command = {
  name: 'login',
  summary: 'NAME: sign in for the commands of the next hour; asks for password and one-time code',
  flags: [],
  run: async ({ words: [name, ...rest] }, context) => {
    const { streams } = context;
    if (name === undefined || rest.length > 0)
      return refuse(streams, false, invalid('login takes your operator name', 'write bursar login NAME'));
    const until = await signIn(context, name);
    if (!until.ok) return refuse(streams, false, until);
    await streams.write(`signed in as ${name} until ${formatInstant(until.value)} UTC; "bursar logout" ends it\n`);
    return exitCode.done;
  },
};
