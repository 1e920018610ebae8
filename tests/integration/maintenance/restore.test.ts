import { expect, test, vi } from 'vitest';
import { aGuideBank } from '../../support/guide-bank.ts';
import { aCommandHome } from '../../support/command.ts';
import { maintained } from '../../support/maintained.ts';
import { aRun, dropAll, restoreParts } from '../../support/restoring.ts';

vi.setConfig({ testTimeout: 180_000 });

test('a bank is restored beside the live one and takes its place; the one before stays', async () => {
  await using bank = await aGuideBank();
  const database = new URL(bank.url).pathname.slice(1);
  const host = maintained(bank.url, { home: aCommandHome() });
  const backup = await host.maintain('backup');
  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`);
  await bank.bursar('accounts', 'freeze', number, '--ground', 'compliance', '--note', 'seen after the backup', '--yes');

  const run = aRun();
  for (const [name, input] of restoreParts(run, String(backup['name']), database)) {
    const t = Date.now();
    console.log(name, JSON.stringify(await host.maintain(name, input)), Date.now() - t);
  }
  console.log(host.lines.join('\n'), await host.databases());
  expect(await bank.value('SELECT status::text FROM bank.account WHERE number = $1', [number])).toBe('frozen');
  await dropAll(
    bank.url,
    (await host.databases()).filter(name => name !== database),
  );
});
