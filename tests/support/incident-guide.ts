import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { aCommand, aCommandHome } from './command.ts';
import { aGuideBank, type GuideBank } from './guide-bank.ts';

type Step = { readonly id: string; readonly phase: string; readonly minutes: number; readonly title: string; readonly done: boolean };

/** A bank on which the guides' incidents are followed, from one home: what is exported is verified with the key that signed it. */
export type IncidentBank = AsyncDisposable & {
  readonly bank: GuideBank;
  /** `bursar …`; fails the test where the command fails. */
  readonly bursar: (...args: string[]) => Promise<string>;
  /** Numbers of active accounts that no other test has taken. */
  readonly accounts: (count: number) => Promise<readonly string[]>;
  readonly newest: () => Promise<string>;
  readonly declare: (...args: string[]) => Promise<string>;
  /** The checklist; minutes are from the declaration. */
  readonly planOf: (incident: string) => Promise<readonly Step[]>;
  /** The number of the step that begins so. */
  readonly stepIn: (incident: string, beginning: string) => Promise<string>;
  /** Closes the review, exports and verifies its report; gives it as Markdown. */
  readonly closeReview: (incident: string) => Promise<string>;
};

export const note = 'as the guide says for incidents';
export const noted = ['--note', note, '--yes'];

const plan = `
  SELECT s.id::text, s.phase, round(extract(epoch FROM s.due_at - i.opened_at) / 60)::int AS minutes, s.title, s.done_at IS NOT NULL AS done
    FROM ops.incident_step s JOIN ops.incident i ON i.id = s.incident_id WHERE i.id = $1 ORDER BY s.due_at, s.id`;
const free = `SELECT number FROM bank.account WHERE status = 'active' AND currency = 'EUR' ORDER BY id OFFSET $1 LIMIT $2`;

const lessons = [
  '--root-cause', 'the token of a partner was in a public place', '--prevention', 'tokens are short-lived and looked for every night',
]; // prettier-ignore

export const anIncidentBank = async (): Promise<IncidentBank> => {
  const bank = await aGuideBank();
  const command = aCommand({ url: bank.url, home: aCommandHome(), environment: { BURSAR_REASON: 'an incident' } });
  const bursar = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(...args);
    if (code !== 0) throw new Error(`bursar ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const newest = () => bank.value('SELECT max(id) FROM ops.incident');
  const planOf = async (incident: string) => (await bank.rows(plan, [incident])) as Step[];
  let taken = 40;
  return {
    bank,
    bursar,
    newest,
    planOf,
    accounts: async count => {
      const rows = await bank.rows(free, [taken, count]);
      taken += count;
      return rows.map(row => String(row['number']));
    },
    declare: async (...args) => {
      await bursar('incidents', 'declare', ...args, ...noted);
      return newest();
    },
    stepIn: async (incident, beginning) =>
      (await planOf(incident)).find(({ title }) => title.startsWith(beginning))?.id ?? `no step ${beginning}`,
    closeReview: async incident => {
      await bursar('incidents', 'review', incident, ...lessons, ...noted);
      const files = (await bursar('incidents', 'report', incident)).trim().split('\n');
      expect(await bursar('incidents', 'verify', files[1] ?? '')).toContain(`incident review ${incident}: 2 files as they were`);
      return readFile(files[1] ?? '', 'utf8');
    },
    [Symbol.asyncDispose]: () => bank[Symbol.asyncDispose](),
  };
};
