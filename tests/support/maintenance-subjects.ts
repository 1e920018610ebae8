import type { Bank } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

let days = 10;

/** Ends what another test began. */
const over = (bank: Bank): Promise<void> =>
  bank.behindItsBack('UPDATE platform.maintenance SET ended_at = now(), ended_by = asked_by WHERE ended_at IS NULL AND from_at <= now()');

/** A window far from any other, since two cannot overlap. */
const aWindow = async (bank: Bank, { on = false } = {}): Promise<string> => {
  if (on) await over(bank);
  const from = on ? `now() - interval '1 minute'` : `now() + interval '${(days += 2)} days'`;
  return planted(
    bank,
    `INSERT INTO platform.maintenance (message, from_at, until, asked_by) VALUES ($1, ${from}, ${from} + interval '1 hour', $2)`,
    [unique('window'), bank.one.id],
  );
};

const aHost = async (bank: Bank): Promise<string> => {
  const name = unique('h');
  await planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) VALUES ($1, 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), $2, $2)`,
    [name, bank.one.id],
  );
  return name;
};

/** What is done about maintenance mode. */
export const maintenanceSubjects: Readonly<Record<string, Prepare>> = {
  'maintenance.start': async ({ bank }) => {
    await over(bank);
    return { for: '30m', message: 'back in half an hour', note };
  },
  'maintenance.plan': async () => ({
    from: new Date(Date.now() + (days += 2) * 86_400_000).toISOString().slice(0, 16), for: '1h', message: 'back in an hour', note,
  }), // prettier-ignore
  'maintenance.extend': async ({ bank }) => ({ id: await aWindow(bank), for: '30m', note }),
  'maintenance.end': async ({ bank }) => ({ id: await aWindow(bank), note }),
  'runbooks.maintenance-on': async ({ bank }) => {
    await aWindow(bank, { on: true });
    return { hosts: await aHost(bank), note };
  },
  'runbooks.maintenance-off': async ({ bank }) => ({ hosts: await aHost(bank), note }),
};
