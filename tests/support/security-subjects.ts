import { aUser, note, planted, unique } from './bank-subjects.ts';
import type { Bank } from './acting.ts';
import type { Prepare } from './every-action.ts';

/** An event that asks for somebody. */
const aSecurityEvent = (bank: Bank): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.security_event (kind, level, source, ip, summary, count, first_at, last_at, subject, dedupe_key)
     VALUES ('brute force', 'warning', '203.0.113.9', '203.0.113.9', '12 failed sign-ins', 12, clock_timestamp() - interval '1 hour', clock_timestamp(), $1, $1)`,
    [unique('brute force|')],
  );

const aWalkThrough = async (bank: Bank): Promise<string> => {
  const user = await aUser(bank, 'active');
  return planted(
    bank,
    `INSERT INTO ops.flow (flow, subject_kind, subject_id, subject, begun_by) SELECT 'unauthorised-access', 'user', u.id, u.username, $2 FROM bank."user" u WHERE u.id = $1`,
    [user, bank.two.id],
  );
};

/** What is done about security events. */
export const securitySubjects: Readonly<Record<string, Prepare>> = {
  'security-events.acknowledge': async ({ bank }) => ({ id: await aSecurityEvent(bank), note }),
  'flows.begin': async ({ bank }) => {
    const id = await aUser(bank, 'active');
    const [user] = await bank.rows<{ username: string }>('SELECT username FROM bank."user" WHERE id = $1', [id]);
    return { flow: 'unauthorised-access', about: user?.username ?? '', note };
  },
  'flows.close': async ({ bank }) => ({ id: await aWalkThrough(bank), findings: note }),
  'flow-steps.settle': async ({ bank }) => ({ id: `${await aWalkThrough(bank)}06`, note }),
};
