import { aCommandHome } from './command.ts';
import { openConsole, type TestConsole } from './console.ts';
import { goTo } from './guide-bank.ts';
import { staffPassword, type Member, type StaffedBank } from './staff.ts';
import { atTerminal, type Person } from './terminal-command.ts';

/** `bursar …` of somebody who has logged in, in a home of their own with the bank's key; they read codes from their app when asked. */
export const commandOf = async (bank: StaffedBank, name: string) => {
  const person: Person = question => (question.includes('One-time code') ? bank.codeOf(name) : '');
  const environment = {
    BURSAR_SECRET_KEY_FILE: `${bank.home}/keys/secret.key`,
    BURSAR_PASSWORD: staffPassword,
    BURSAR_REASON: 'ticket 4711 of the guide',
  };
  const home = aCommandHome();
  const login = atTerminal({ url: bank.url, home, environment: { ...environment, BURSAR_CODE: await bank.codeOf(name) } });
  const answer = await login('login', name);
  if (answer.code !== 0) throw new Error(answer.stderr);
  return atTerminal({ url: bank.url, home, environment, person });
};

/** The screen of somebody who has signed in and may write. */
export const screenOf = async (member: Member, pane: string): Promise<TestConsole> => {
  const console = await openConsole({ database: 'empty', size: [120, 40], around: () => member.session, seed: member.token });
  await goTo(console, pane);
  return console;
};

/** The number of the newest request. */
export const lastRequest = async (bank: StaffedBank): Promise<string> => String(await bank.value('SELECT max(number) FROM ops.approval'));
