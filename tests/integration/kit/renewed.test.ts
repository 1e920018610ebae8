import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDemoSession } from '../../../src/database/sign-in.ts';
import { openSession } from '../../../src/kit/session.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { anActingBank } from '../../support/acting-session.ts';
import { resourceNamed } from '../../support/session.ts';

test('a role that is given, or taken, while somebody works counts from the next pulse on', async () => {
  await using world = await anActingBank({ others: { vera: ['viewer'] } });
  const { bank, database } = world;
  await bank.behindItsBack(`INSERT INTO platform.demo_marker (seed, scale) VALUES (1, 1)`);
  const token = randomBytes(32).toString('hex');
  await openDemoSession(database.writes, 'vera', token, { name: 'test' });
  const acting = await world.as({ id: '', name: 'vera', token });
  const session = openSession({
    database,
    operator: acting.operator,
    token,
    environment: { name: 'test', production: false, demo: true, timeZone: 'UTC', currency: 'EUR' },
    registry: { resources, actions },
  });
  const audit = resourceNamed('audit');
  const look = () => session.list(audit, { terms: [], sort: audit.page.defaultSort, limit: 5 });

  await expect(look()).rejects.toThrow('needs the permission');
  await bank.behindItsBack(`INSERT INTO ops.operator_role (operator_id, role) SELECT id, 'auditor' FROM ops.operator WHERE name = 'vera'`);
  await expect(look()).rejects.toThrow('needs the permission');
  await session.presence?.pulse(true);
  expect((await look()).rows.length).toBeGreaterThan(0);
  await bank.behindItsBack(
    `DELETE FROM ops.operator_role WHERE role = 'auditor' AND operator_id = (SELECT id FROM ops.operator WHERE name = 'vera')`,
  );
  await session.presence?.pulse(true);
  await expect(look()).rejects.toThrow('needs the permission');
});
