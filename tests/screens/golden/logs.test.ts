import { test } from 'vitest';
import { followed, lines, read, said } from '../../support/log-states.ts';
import { small } from '../../support/state.ts';
import { press } from '../../support/state-play.ts';
import { expectGolden } from '../../support/frame.tsx';

const why =
  '10.0.0.2:22 showed another key than the pinned one: nothing was sent; it showed SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const during = read(
  followed({}, small),
  { host: 'web1', news: { kind: 'reached', again: false } },
  { host: 'web2', news: { kind: 'reached', again: false } },
  ...lines(14),
  said(
    '2026-11-20T12:04:31Z WARNING 王小明 asked twice: 口座 447100930012 is slow to answer, and its line is longer than the screen',
    'web2',
  ),
  said('2026-11-20T12:04:31Z SECURITY \u001B]52;c;aGk=\u0007 \u202Eneddih\u001B[2J', 'web2'),
  { host: 'web1', news: { kind: 'file', file: '/var/log/bank/app.log', state: 'rotated' } },
  said('2026-11-20T12:04:32Z CRITICAL the database does not answer'),
  { host: 'web2', news: { kind: 'given-up', why } },
);

test('logs of two hosts, while somebody looks back', async () => {
  const back = press(during, { name: 'moved', by: -1 }, { name: 'moved', by: -1 }).state;
  await expectGolden('logs', read(back, said('2026-11-20T12:04:33Z ERROR the database does not answer')));
});

test('a line read whole', async () => {
  const back = press(during, ...Array.from({ length: 4 }, () => ({ name: 'moved', by: -1 }) as const), 'opened').state;
  await expectGolden('logs-line', back);
});
