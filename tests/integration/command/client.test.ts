import { expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

test('who came by SSH is in the audit log with the address that sshd told', async () => {
  await using database = await aDatabase('demo');
  await aCommand({ url: database.url, environment: { SSH_CONNECTION: '203.0.113.7 51234 10.0.0.2 22' } })('users', 'list', '--limit', '1');
  await aCommand({ url: database.url })('users', 'list', '--limit', '1');
  const logins = await query(database.url, "SELECT host(ip) AS ip FROM ops.audit WHERE verb = 'login' ORDER BY seq");
  expect(logins).toEqual([{ ip: '203.0.113.7' }, { ip: null }]);
});
