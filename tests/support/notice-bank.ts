import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '../../src/database/client.ts';
import { openNotice, sealNotice } from '../../src/database/secret-key.ts';
import { loadOperator } from '../../src/database/sign-in.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { enqueueNotice, type NewNotice } from '../../src/kit/notice.ts';
import type { NoticeTemplate } from '../../src/domain/notice-parameters.ts';
import type { Outbox } from '../../src/kit/outbox.ts';
import type { Receipt, Typed } from '../../src/kit/request.ts';
import { openSession, type Session } from '../../src/kit/session.ts';
import type { Channels } from '../../src/notices/channel.ts';
import { smtpChannel } from '../../src/notices/channels/smtp.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { aBank, hashOf, openOperatorSession, type Bank } from './acting.ts';
import { aSecret } from './notices.ts';

/** A console of an operator who is signed in to a bank that is no demo. */
type NoticeConsole = {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly token: string;
  readonly run: (action: string, typed: Typed) => Promise<Outcome<Receipt>>;
  /** Enqueues as an action would, in a transaction of its own. */
  readonly tell: <T extends NoticeTemplate>(action: string, ...notices: readonly NewNotice<T>[]) => Promise<readonly bigint[]>;
};

export type NoticeBank = AsyncDisposable & {
  readonly bank: Bank;
  readonly key: Buffer;
  /** Operators are one, two, and those of `others`; all but `two` have an address at bank.example. */
  readonly console: (operator?: string) => Promise<NoticeConsole>;
};

/** Mail to a server on this machine. */
export const mailTo = (port: number): Channels =>
  new Map([['email', smtpChannel({ url: `smtp://127.0.0.1:${port}`, from: 'bank@mail.example' }, { password: aSecret() })]]);

/** A bank whose outbox has no notices yet, and the key that its consoles share. */
export const aNoticeBank = async (options: Parameters<typeof aBank>[0] = {}): Promise<NoticeBank> => {
  const bank = await aBank(options);
  await bank.behindItsBack(`UPDATE ops.operator SET email = name || '@bank.example' WHERE name <> 'two'`);
  const key = randomBytes(32);
  const opened: Session[] = [];

  const consoleOf = async (name = 'one'): Promise<NoticeConsole> => {
    const database = openDatabase({ url: bank.url, applicationName: `bursar test ${name}` });
    const operator = await loadOperator(database.reads, name);
    const token = await openOperatorSession(bank.db, String(operator.id));
    const sealSecret = async (text: string): Promise<string> => sealNotice(key, text);
    const session = openSession({
      database,
      operator,
      token,
      environment: { name: 'test', production: true, demo: false, timeZone: 'UTC', currency: 'EUR' },
      registry: { resources, actions },
      credentials: {
        seedKey: async () => Buffer.alloc(32),
        derive: async () => Buffer.alloc(32),
        sealSecret,
        openSecret: async sealed => openNotice(key, sealed),
      },
    });
    opened.push(session);
    if (!session.outbox) throw new Error('this session has no outbox');
    const action = (id: string) => actions.find(each => each.id === id) ?? actions[0]!;
    return {
      session,
      outbox: session.outbox,
      token,
      run: (id, typed) => session.run(action(id), typed, { request: randomUUID() }),
      tell: (id, ...notices) =>
        database.transaction(async db => {
          await db.$queryRaw`SELECT ops.begin_action(${token}, ${id}, ${hashOf(id)}, ${randomUUID()}::uuid)::text`;
          const numbers: bigint[] = [];
          for (const notice of notices) numbers.push(...(await enqueueNotice({ db, sealSecret }, notice)));
          await db.$queryRaw`
            SELECT ops.write_audit('update', 'account', '1', NULL, NULL, NULL, 'success', NULL, 'a note of a test', NULL, '{"summary": "done"}'::jsonb)`;
          return numbers;
        }),
    };
  };
  return {
    bank,
    key,
    console: consoleOf,
    [Symbol.asyncDispose]: async () => {
      for (const session of opened) await session.close();
      await bank[Symbol.asyncDispose]();
    },
  };
};
