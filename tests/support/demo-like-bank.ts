import { aBankOn, type Bank } from './acting.ts';
import { aDatabase } from './database.ts';

const everything = ['viewer', 'auditor', 'support', 'analyst', 'operations', 'manager', 'sysop', 'admin'];

/** Lets the program sign its demo operator in to a bank that holds only what a test puts there. */
export const letDemoIn = async (url: string): Promise<Bank> => {
  const bank = await aBankOn(url, { others: { demo: everything } });
  await bank.behindItsBack('INSERT INTO platform.demo_marker (seed, scale) VALUES (1, 1)');
  return bank;
};

/** A bank of the test's own that the program takes for a demo bank; disposing drops it. */
export const aDemoLikeBank = async (): Promise<Bank> => {
  const database = await aDatabase('empty');
  const bank = await letDemoIn(database.url);
  return {
    ...bank,
    [Symbol.asyncDispose]: async () => {
      await bank[Symbol.asyncDispose]();
      await database.drop();
    },
  };
};
