import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { aCommandHome, launchCommand } from '../support/command.ts';
import { aDatabase } from '../support/database.ts';
import { query } from '../support/query.ts';
import { listHost } from '../support/runs.ts';
import { anSshServer, whyNoSshServer } from '../support/ssh-server.ts';

test.skipIf(whyNoSshServer !== undefined)('the built program speaks SSH: a host with its pinned key is up', async () => {
  await using database = await aDatabase('demo');
  await using server = await anSshServer();
  const { url } = database;
  await listHost({ rows: (sql, values) => query(url, sql, values) }, server, 'web1');
  const home = aCommandHome();
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ remote: { keyFile: server.keyFile } }));
  const answer = await launchCommand({ url, home, built: true }, 'hosts', 'ask', 'web1');
  expect(answer).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web1: up, answered in \d+ ms\n$/) as string });
});
