import { aCommand } from './command.ts';
import { aDatabase } from './database.ts';
import { query } from './query.ts';

type Rows = Awaited<ReturnType<typeof query>>;

/** A demo bank that is worked on by command, and what its rows say. */
export type CommandBank = AsyncDisposable & {
  readonly url: string;
  readonly bursar: ReturnType<typeof aCommand>;
  /** An active account with money that nobody here was given before. */
  readonly anAccount: () => string;
  readonly freeze: (number: string, ...more: string[]) => ReturnType<ReturnType<typeof aCommand>>;
  readonly accountOf: (number: string) => Promise<Rows[number] | undefined>;
  readonly statusOf: (number: string) => Promise<unknown>;
  /** What was changed or attempted: signing in, opening a write window and looking is not. */
  readonly deeds: () => Promise<Rows>;
};

export const aCommandBank = async (): Promise<CommandBank> => {
  const { url, drop } = await aDatabase('demo');
  const bursar = aCommand({ url });
  const found = await query(url, "SELECT number FROM bank.account WHERE status = 'active' AND balance > 0 ORDER BY id LIMIT 40");
  const unused = found.map(row => String(row['number']));
  const accountOf: CommandBank['accountOf'] = async number =>
    (await query(url, 'SELECT status, version, changed_at FROM bank.account WHERE number = $1', [number]))[0];
  return {
    url,
    bursar,
    anAccount: () => unused.shift() ?? 'there are no more accounts',
    freeze: (number, ...more) =>
      bursar('accounts', 'freeze', number, '--ground', 'court order', '--note', 'order 4711 of the district court', ...more),
    accountOf,
    statusOf: async number => (await accountOf(number))?.['status'],
    deeds: () =>
      query(
        url,
        "SELECT action, outcome, operator, reason, note, error, request_id, correlation_id FROM ops.audit WHERE verb NOT IN ('login', 'logout', 'view', 'export') AND action <> 'windows.open' ORDER BY seq",
      ),
    [Symbol.asyncDispose]: drop,
  };
};
