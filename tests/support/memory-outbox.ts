import type { Claimed, Outbox, Settlement } from '../../src/kit/outbox.ts';
import { leaseSeconds } from '../../src/notices/deliver.ts';

type Waiting = Omit<Claimed, 'attempt' | 'claim'> & {
  attempt: number;
  dueAt: number;
  state: 'waiting' | Settlement['state'];
  results: Settlement[];
};

/** The clock that the test turns. */
export const aClock = (start = '2026-11-21T07:00:00Z') => {
  let at = Date.parse(start);
  return { now: () => new Date(at), pass: (seconds: number) => void (at += seconds * 1000) };
};

/** The rules of an outbox without a database: leases, attempts, and the newest claim alone settles. */
export const memoryOutbox = (clock: ReturnType<typeof aClock>, ...notices: readonly Omit<Claimed, 'attempt' | 'claim'>[]) => {
  const rows = new Map<string, Waiting>(
    notices.map(notice => [notice.id, { ...notice, attempt: 0, dueAt: 0, state: 'waiting', results: [] }]),
  );
  const outbox: Outbox = {
    claim: async (limit, channels) => {
      const now = clock.now().getTime();
      const due = [...rows.values()].filter(
        ({ state, dueAt, channel }) => /waiting|failed/.test(state) && dueAt <= now && channels.includes(channel),
      );
      return due.slice(0, limit).map(row => {
        row.attempt += 1;
        row.dueAt = now + leaseSeconds * 1000;
        const { id, channel, to, template, subject, body, secret, createdAt, attempt } = row;
        return { id, channel, to, template, subject, body, secret, createdAt, attempt, claim: attempt };
      });
    },
    settle: async ({ id, claim }, result) => {
      const row = rows.get(id);
      if (!row || row.attempt !== claim) return;
      row.state = result.state;
      row.results.push(result);
      if (result.state === 'failed') row.dueAt = result.retryAt.getTime();
    },
  };
  const row = (id: string): Waiting => {
    const found = rows.get(id);
    if (!found) throw new Error(`no notice ${id}`);
    return found;
  };
  /** All but the secret itself, which a real outbox keeps encrypted. */
  const stored = (): string => JSON.stringify([...rows.values()].map(each => ({ ...each, secret: undefined })));
  return { ...outbox, row, stored };
};
