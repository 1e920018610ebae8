import { expect, test } from 'vitest';
import { anAccount, openConsole } from '../support/console.ts';

test('D10 an operator freezes an account: sees what it does, gives a reason, leaves a trace', async () => {
  await using console = await openConsole({ accounts: [anAccount({ owner: 'Ada Byron' })] });
  await console.sees('Ada Byron', 'active');

  await console.press('x', 'f');
  await console.fill({ ground: 'court order', note: 'order 4711 of the district court', reviewOn: 'in 7 days' });
  await console.sees('stops deposits, withdrawals and transfers');

  await console.confirm();
  await console.sees('[ok] froze', 'frozen', 'z undo');
  expect(await console.audit()).toMatchObject([{ action: 'accounts.freeze', outcome: 'success', reason: 'court order' }]);
});
