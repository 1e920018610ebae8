import type { Bank } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

/** A host of the inventory that nobody can reach. */
const aHostNamed = async (bank: Bank, environment: string): Promise<string> => {
  const name = unique('u');
  await planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, environment) VALUES ($1, 'host.example', 'deploy', $2, $3, $3, $4)`,
    [name, `SHA256:${'A'.repeat(43)}`, bank.one.id, environment],
  );
  return name;
};

const onHosts =
  (environment = 'test'): Prepare =>
  async ({ bank }) => ({ hosts: await aHostNamed(bank, environment), note });
const onHost =
  (environment = 'test'): Prepare =>
  async ({ bank }) => ({ host: await aHostNamed(bank, environment), note });

/** What keeps the platform up. */
export const upkeepSubjects: Readonly<Record<string, Prepare>> = {
  'runbooks.install-log-rotation': onHosts(),
  'runbooks.rotate-logs': onHosts(),
  'runbooks.check-update': onHosts(),
  'runbooks.update-application': onHosts(),
  'runbooks.roll-back-application': onHosts(),
  'runbooks.check-security-updates': onHosts(),
  'runbooks.security-update': onHosts(),
  'runbooks.certificate-days': onHosts(),
  'runbooks.renew-certificates': onHosts(),
  'runbooks.validate-environment': onHosts(),
  'runbooks.deploy-platform': onHosts(),
  'runbooks.show-migrations': onHost(),
  'runbooks.apply-migrations': onHost(),
  'runbooks.verify-service-token': onHost(),
  'runbooks.rotate-service-token': onHost(),
  'runbooks.weekly-export': onHost(),
};

/** The same in production, where what changes the platform takes two. */
export const upkeepSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'runbooks.install-log-rotation': onHosts('production'),
  'runbooks.rotate-logs': onHosts('production'),
  'runbooks.update-application': onHosts('production'),
  'runbooks.roll-back-application': onHosts('production'),
  'runbooks.security-update': onHosts('production'),
  'runbooks.renew-certificates': onHosts('production'),
  'runbooks.deploy-platform': onHosts('production'),
  'runbooks.apply-migrations': onHost('production'),
  'runbooks.rotate-service-token': onHost('production'),
};
