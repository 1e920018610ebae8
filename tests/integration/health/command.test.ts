import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { asRole } from '../../../src/database/role-url.ts';

vi.setConfig({ testTimeout: 120_000 });

type Document = {
  readonly ok: boolean;
  readonly measures: readonly { measure: string; grade: string; words: string; value: number | null }[];
};
const documentOf = (stdout: string): Document => JSON.parse(stdout) as Document;

test('a bank is measured without anybody who is signed in, as whoever only looks on; without a backup it is not well', async () => {
  await using database = await aDatabase('empty');
  const bursar = aCommand({ url: asRole(database.url, 'bursar_reader') });
  const { code, stdout, stderr } = await bursar('health', '--json');
  const { ok, measures } = documentOf(stdout);
  expect({ code, ok, stderr }).toEqual({ code: 1, ok: false, stderr: '' });
  expect(measures.filter(({ grade }) => grade === 'bad')).toMatchObject([{ measure: 'backup', words: 'there is none that was verified' }]);
  expect(measures.map(({ measure }) => measure)).toContain('audit-anchor');
  const text = await bursar('health');
  expect(text).toMatchObject({ code: 1, stdout: expect.stringMatching(/^State +Measure +Where +Now +Look \/ wrong +Found\nwrong +Last backup +backup/) as string });
  expect(await bursar('health', 'now')).toMatchObject({ code: 2 });
}); // prettier-ignore

test('a database that is not there is wrong, in words and as a document', async () => {
  const bursar = aCommand({ url: 'postgresql://bursar_reader@127.0.0.1:1/bank' });
  const { code, stdout } = await bursar('health', '--json');
  expect(code).toBe(1);
  expect(documentOf(stdout)).toMatchObject({
    ok: false,
    measures: [{ measure: 'database', grade: 'bad', words: 'the database does not answer' }],
  });
  const embedded = aCommand({ url: '', home: aCommandHome() });
  expect(await embedded('health')).toMatchObject({ code: 1, stdout: expect.stringContaining('there is no database yet') as string });
});

test('a database that takes a connection and then says nothing is given up in time', async () => {
  const held: Socket[] = [];
  const silent = createServer(socket => held.push(socket.on('error', () => undefined)));
  const port = await new Promise<number>(resolve => silent.listen(0, '127.0.0.1', () => resolve((silent.address() as AddressInfo).port)));
  try {
    const { code, stdout } = await aCommand({ url: `postgresql://bursar_reader@127.0.0.1:${port}/bank` })('health', '--json');
    expect(code).toBe(1);
    expect(documentOf(stdout).measures).toMatchObject([{ measure: 'database', grade: 'bad' }]);
  } finally {
    for (const socket of held) socket.destroy();
    silent.close();
  }
});
