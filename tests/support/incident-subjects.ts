import type { Bank } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

/** One with a title of its own; `declare` puts its checklist there, which a planted one lacks. */
const anIncident = (bank: Bank, status = 'open'): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.incident (level, kind, title, status, opened_by, commander_id, resolved_at) VALUES (2, 'security', 'An incident of a test', $2, $1, $1, CASE WHEN $2 = 'resolved' THEN now() END)`,
    [bank.one.id, status],
  );

const aStep = async (bank: Bank, done = false): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.incident_step (incident_id, phase, title, due_at, done_by, done_at, note)
     VALUES ($1, 'after', 'A step of a test', now() + interval '1 hour', CASE WHEN $3 THEN $2::bigint END, CASE WHEN $3 THEN now() END, CASE WHEN $3 THEN 'planted as done' END)`,
    [await anIncident(bank), bank.two.id, done],
  );

const aLink = (bank: Bank, incident: string, account: string): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.incident_link (incident_id, entity, entity_id, linked_by) VALUES ($1, 'account', $2, $3)`,
    [incident, account, bank.two.id],
    'incident_id',
  );

const aDraft = async (bank: Bank, audience: string): Promise<string> => {
  const incident = await anIncident(bank);
  await aLink(bank, incident, (await bank.account()).id);
  return planted(
    bank,
    `INSERT INTO ops.incident_notice (incident_id, audience, body, drafted_by) VALUES ($1, $2, 'What a test has to tell', $3)`,
    [incident, audience, bank.two.id],
  );
};

const numberOf = async (bank: Bank, id: string): Promise<string> =>
  (await bank.rows<{ number: string }>('SELECT number FROM bank.account WHERE id = $1', [id]))[0]?.number ?? '';

/** What is done to incidents, their steps and what is told of them. */
export const incidentSubjects: Readonly<Record<string, Prepare>> = {
  'incidents.declare': async () => ({ level: '3', kind: 'security', title: unique('Something is wrong '), note }),
  'incidents.contain': async ({ bank }) => ({ id: await anIncident(bank), note }),
  'incidents.resolve': async ({ bank }) => ({ id: await anIncident(bank, 'contained'), note }),
  'incidents.review': async ({ bank }) => ({
    id: await anIncident(bank, 'resolved'),
    rootCause: 'a test plants incidents that nobody had',
    prevention: 'a bank of the test of its own, dropped afterwards',
    note,
  }),
  'incidents.set-level': async ({ bank }) => ({ id: await anIncident(bank), level: '3', note }),
  'incidents.assign': async ({ bank }) => ({ id: await anIncident(bank), lead: bank.two.name, note }),
  'incidents.link': async ({ bank }) => ({ id: await anIncident(bank), records: await numberOf(bank, (await bank.account()).id), note }),
  'incidents.unlink': async ({ bank }) => {
    const [id, account] = [await anIncident(bank), (await bank.account()).id];
    await aLink(bank, id, account);
    return { id, records: await numberOf(bank, account), note };
  },
  'incidents.preserve': async ({ bank }) => ({ id: await anIncident(bank), hours: '1', note }),
  'incidents.draft-notice': async ({ bank }) => ({ id: await anIncident(bank), audience: 'team', note }),
  'accounts.link-incident': async ({ bank }) => ({ id: (await bank.account()).id, incident: await anIncident(bank), note }),
  'incident-steps.check': async ({ bank }) => ({ id: await aStep(bank), note }),
  'incident-steps.skip': async ({ bank }) => ({ id: await aStep(bank), note }),
  'incident-steps.uncheck': async ({ bank }) => ({ id: await aStep(bank, true), note }),
  'incident-notices.edit': async ({ bank }) => ({ id: await aDraft(bank, 'team'), text: 'What a test says in better words', note }),
  'incident-notices.send': async ({ bank }) => ({ id: await aDraft(bank, 'legal'), note }),
  'incident-notices.discard': async ({ bank }) => ({ id: await aDraft(bank, 'team'), note }),
};

export const incidentSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'incident-notices.send': async ({ bank }) => ({ id: await aDraft(bank, 'customers'), note }),
};
