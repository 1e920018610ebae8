import type { Bank } from './acting.ts';

type PlanWish = {
  readonly dangerous?: boolean;
  readonly target?: string;
  /** The moment before which it was looked at, where that is not now: a minute may begin between two questions for the time. */
  readonly before?: string;
};

/** Plants a host that nobody can reach and a plan that is due every minute, looked at so many whole minutes ago; gives the plan's id. */
export const plantPlan = async (
  bank: Bank,
  name: string,
  owes: number,
  { dangerous = false, target = name, before }: PlanWish = {},
): Promise<string> => {
  await bank.behindItsBack(
    `INSERT INTO ops.host (name, address, username, fingerprint, environment, pinned_by, added_by)
     VALUES ('planned-host', 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), 'test', $1, $1) ON CONFLICT DO NOTHING`,
    [bank.one.id],
  );
  const step = { title: 'look', host: 'planned-host', words: ['bursar', 'maintain', 'look', '--for', 'two words'], timeoutSeconds: 30 };
  const plan = { version: '1', title: `Planned ${name}`, target, dangerous, input: { host: 'planned-host' }, steps: [step] };
  await bank.behindItsBack(
    `INSERT INTO ops.schedule (name, title, words, cron, permission, repeatable, catch_up_minutes, looked_until, runbook, plan, planned_by, planned_at)
     VALUES ($1, 'A plan of a test', 'queues a run', '* * * * *', 'host.use', true, 1000, coalesce($5, date_trunc('minute', clock_timestamp())) - make_interval(mins => $2), 'host-report', $3, $4, now())`,
    [name, owes, JSON.stringify(plan), bank.one.id, before],
  );
  const [row] = await bank.rows<{ id: string }>('SELECT id FROM ops.schedule WHERE name = $1', [name]);
  return row?.id ?? '';
};
