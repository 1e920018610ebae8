import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headerOf, startMailServer } from '../../support/mail-server.ts';
import { aNoticeBank, type NoticeBank } from '../../support/notice-bank.ts';
import { full, report } from '../../support/reliability.ts';

const kills = full ? 100 : 5;
const perKill = 8;

let bank: NoticeBank;
beforeAll(async () => {
  bank = await aNoticeBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

test(
  'a console that is killed between sending and noting it loses no notice: each arrives at least once, under one Message-ID',
  async () => {
    const { tell, token } = await bank.console();
    const wanted = Array.from({ length: kills * perKill }, (_, index) => `c${index}@mail.example`);
    await tell(
      'accounts.freeze',
      ...wanted.map(address => ({
        template: 'account-frozen' as const,
        params: { name: 'Ada Byron', account: '447100930012', at: new Date() },
        to: { address },
        about: { entity: 'account', id: '1' },
      })),
    );
    let child: ChildProcess | undefined;
    let accepted = 0;
    let killed = 0;
    // The server has the mail, and its sender never hears of it
    await using server = await startMailServer({
      judge: stage => {
        if (stage === 'message' && ++accepted % perKill === 3 && killed < kills) {
          killed += 1;
          child?.kill('SIGKILL');
        }
        return undefined;
      },
    });
    const deliver = async (): Promise<void> => {
      const program = path.join(import.meta.dirname, '..', '..', 'support', 'deliver-process.ts');
      child = spawn(process.execPath, [program, bank.bank.url, token, bank.key.toString('hex'), String(server.port)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await once(child, 'exit');
    };
    const left = async (): Promise<number> =>
      (await bank.bank.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ops.notice WHERE status <> 'sent'`))[0]?.n ?? 0;
    let processes = 0;
    for (; (await left()) > 0 && processes < kills * 3; processes++) {
      await deliver();
      // the two minutes of a lease, at once
      await bank.bank.behindItsBack(`UPDATE ops.notice SET due_at = clock_timestamp() WHERE status = 'sending'`);
    }
    expect(await left()).toBe(0);
    expect(killed).toBe(kills);
    const byRecipient = Map.groupBy(server.mails, ({ to }) => to[0] ?? '');
    expect([...byRecipient.keys()].toSorted()).toEqual(wanted.toSorted());
    for (const mails of byRecipient.values()) expect(new Set(mails.map(({ raw }) => headerOf(raw, 'Message-ID'))).size).toBe(1);
    report('consoles killed while they delivered', {
      notices: wanted.length,
      processes,
      killed,
      arrived: byRecipient.size,
      lost: wanted.length - byRecipient.size,
      'arrived more than once': [...byRecipient.values()].filter(mails => mails.length > 1).length,
    });
  },
  full ? 1_800_000 : 120_000,
);
