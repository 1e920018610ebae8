import { expect, test } from 'vitest';
import { anAccount, openConsole } from '../support/console.ts';

const five = ['Ada Byron', 'Ada Byron', 'Grace Hopper', 'Grace Hopper', 'Grace Hopper'].map(owner => anAccount({ owner }));

test('marks that a filter hides stay, are counted, and are counted again before anything is done to them', async () => {
  await using console = await openConsole({ accounts: five });
  await console.sees('1 of 5');
  await console.press('*');
  await console.sees('5 marked');
  await console.filter('Hopper');
  await console.sees('1 of 3', '5 marked, 2 hidden by filter');
  await console.press('x', 'f');
  await console.fill({ ground: 'compliance', note: 'asked for by the court of Graz' });
  await console.sees('5 records are meant, 2 of them hidden by the filter', '5 will be done');
  await console.confirm();
  await console.proceed(true);
  await console.sees('[ok] froze 5 of 5');
  expect(await console.bank.rows(`SELECT DISTINCT status::text FROM bank.account`)).toEqual([{ status: 'frozen' }]);
});

test('V begins a range and marks it; Esc forgets a range before it takes marks away', async () => {
  await using console = await openConsole({ accounts: five });
  await console.sees('1 of 5');
  await console.press('V');
  await console.sees('range begun: move, V marks it');
  await console.press('j', 'j', 'V');
  await console.sees('3 marked');
  await console.seesNo('range begun');
  expect(console.frame().match(/^[ >]\*\d{12}/gm)).toHaveLength(3);

  await console.press('j', 'space');
  await console.sees('4 marked', '5 of 5');
  await console.press('V');
  await console.sees('4 marked, range begun');
  await console.press('k', 'esc');
  await console.seesNo('range begun');
  await console.sees('4 marked');
  await console.press('esc');
  await console.seesNo(' marked');
  expect(console.frame()).not.toMatch(/^[ >]\*\d{12}/m);
});

test('a mark stays with its record when the order is turned round, and a second Space takes it away', async () => {
  await using console = await openConsole({ accounts: five });
  const [oldest = ''] = console.bank.numbers;
  await console.sees('1 of 5');
  await console.press('G', 'space');
  await console.sees('1 marked', `*${oldest}`, 'sort:opened-');
  await console.press('S');
  await console.sees('sort:opened+', new RegExp(`STATUS.*\\n[ >]\\*${oldest}`));
  await console.press('g', 'space');
  await console.seesNo('1 marked');
  expect(console.frame()).not.toMatch(/^[ >]\*\d{12}/m);
});
