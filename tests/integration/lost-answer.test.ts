import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { aDemoLikeBank } from '../support/demo-like-bank.ts';
import { openConsole } from '../support/console.ts';
import { report } from '../support/reliability.ts';

/** A line to the server that can be cut: after a COMMIT was sent, before anybody hears of it. */
const aLine = async (url: string) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-line-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const server = path.join(new URL(url).searchParams.get('host') ?? '', '.s.PGSQL.5432');
  const sockets = new Set<Socket>();
  const line = { cutsAfterCommit: 0, cuts: 0, isAway: false };
  const listener = createServer(inner => {
    if (line.isAway) return void inner.destroy();
    const outer = connect(server);
    let isCut = false;
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [inner, outer].forEach(each => each.destroy()));
    }
    inner.on('data', bytes => {
      // ended by NUL, for READ COMMITTED begins a transaction
      if (line.cutsAfterCommit > 0 && bytes.includes('COMMIT\0')) {
        line.cutsAfterCommit -= 1;
        line.cuts += 1;
        isCut = true;
      }
      outer.write(bytes);
    });
    outer.on('data', bytes => {
      if (!isCut) return void inner.write(bytes);
      // The server has committed; nobody hears of it
      line.isAway = true;
      for (const socket of sockets) socket.destroy();
    });
  });
  await new Promise<void>(resolve => listener.listen(path.join(folder, '.s.PGSQL.5432'), resolve));
  onTestFinished(() => void listener.close());
  const through = new URL(url);
  through.searchParams.set('host', folder);
  return { line, url: through.href };
};

test('the answer to a COMMIT is lost with the line: unknown, then found by its key, and done once', { timeout: 120_000 }, async () => {
  await using bank = await aDemoLikeBank();
  const account = await bank.account();
  const { line, url } = await aLine(bank.url);
  await using console = await openConsole({ url, pane: 'accounts' });
  await console.filter(`number=${account.number}`);
  await console.sees(new RegExp(`> ${account.number}.*active`));
  await console.press('x', 'f');
  await console.fill({ ground: 'compliance', note: 'the answer to it is lost' });
  line.cutsAfterCommit = 1;
  await console.confirm();
  await console.sees('UNKNOWN');
  expect(line.cuts).toBe(1);
  line.isAway = false;
  const back = performance.now();
  await console.sees('[ok] froze', 'it was done already');
  report('lost answer', { 'ms until found by its key': Math.round(performance.now() - back) });
  expect(performance.now() - back).toBeLessThan(8_000);
  expect(console.state.unsettled).toEqual([]);
  const [row] = await bank.rows(
    `SELECT (SELECT count(*)::int FROM ops.hold) AS holds, (SELECT count(*)::int FROM ops.audit WHERE action = 'accounts.freeze' AND outcome = 'success') AS told`,
  );
  expect(row).toEqual({ holds: 1, told: 1 });
});
