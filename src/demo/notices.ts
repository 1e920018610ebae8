import type { Direct } from '../database/direct.ts';
import type { NoticeTemplate } from '../domain/notice-parameters.ts';
import { renderNotice, type RenderedNotice } from '../domain/notice.ts';
import { randomFrom } from './random.ts';

type Told = RenderedNotice & {
  readonly template: NoticeTemplate;
  readonly to: string;
  readonly about: readonly [entity: string, id: string];
  readonly by: string;
  readonly at: Date;
  readonly secretExpires?: Date;
};

type Hold = {
  readonly account: string;
  readonly number: string;
  readonly name: string;
  readonly email: string;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly releasedBy: string | null;
  readonly releasedAt: Date | null;
};

/** Of freezes whose form said so, customers were told; and of their end. */
const tellOfHolds = async (client: Direct): Promise<readonly Told[]> => {
  const { rows } = await client.query<Hold>(`
    SELECT a.id::text AS account, a.number, u.first_name || ' ' || u.last_name AS name, u.email, h.placed_by AS "placedBy", h.placed_at AS "placedAt",
           h.released_by AS "releasedBy", h.released_at AS "releasedAt"
      FROM ops.hold h JOIN bank.account a ON a.id = h.account_id JOIN bank."user" u ON u.id = a.user_id WHERE h.notify`);
  return rows.flatMap(({ account, number, name, email, placedBy, placedAt, releasedBy, releasedAt }): readonly Told[] => {
    const tell = (template: 'account-frozen' | 'account-unfrozen', by: string, at: Date): Told => {
      return { ...renderNotice(template, { name, account: number, at }), template, to: email, about: ['account', account], by, at };
    };
    const frozen = tell('account-frozen', placedBy, placedAt);
    return releasedBy && releasedAt ? [frozen, tell('account-unfrozen', releasedBy, releasedAt)] : [frozen];
  });
};

type Invite = {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly uses: number;
  readonly by: string;
  readonly at: Date;
  readonly expires: Date;
};

const tellOfInvites = async (client: Direct): Promise<readonly Told[]> => {
  const { rows } = await client.query<Invite>(`
    SELECT id::text, email, role, max_uses AS uses, created_by AS by, created_at AS at, expires_at AS expires FROM platform.invite`);
  return rows.map(({ id, email, role, uses, by, at, expires }) => ({
    ...renderNotice('invite', { role, uses, expires }),
    template: 'invite',
    to: email,
    about: ['invite', id],
    by,
    at,
    secretExpires: expires,
  }));
};

/** What the demo's operators told people. A demo sends nothing, so all of it is kept. */
export const fillNotices = async (client: Direct, seed: number): Promise<void> => {
  const random = randomFrom(seed, 'notices');
  const told = [...(await tellOfHolds(client)), ...(await tellOfInvites(client))].toSorted((a, b) => a.at.getTime() - b.at.getTime());
  for (const { template, subject, body, to, about, by, at, secretExpires } of told) {
    await client.query(
      `INSERT INTO ops.notice (id, template, channel, recipient, subject, body, about_entity, about_id, created_by, created_at, due_at, request_id, secret_expires_at, status, detail)
       VALUES ($1, $2, 'email', $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, 'kept', 'a demo sends nothing')`,
      [random.uuid(), template, to, subject, body, ...about, by, at, random.uuid(), secretExpires ?? null],
    );
  }
};
