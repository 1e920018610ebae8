import { createHash } from 'node:crypto';
import { copyRows, type Direct } from '../database/direct.ts';
import { formatMoney } from '../domain/money.ts';
import { requestOf } from '../kit/run-bulk.ts';
import { operatorId } from './operators.ts';

const minute = 60_000;
const hour = 60 * minute;

type Wish = {
  readonly action: string;
  readonly maker: string;
  /** Minutes before now. */
  readonly ago: number;
  readonly entity: 'account' | 'operator';
  readonly id: string;
  readonly label: string;
  readonly version: number;
  readonly input: Readonly<Record<string, string>>;
  readonly preview: readonly string[];
  readonly note: string;
  readonly rejected?: { readonly by: string; readonly note: string };
};

type Frozen = {
  readonly id: string;
  readonly number: string;
  readonly version: number;
  readonly owner: string;
  readonly balance: string;
  readonly currency: string;
};

/** Accounts that somebody would release: frozen for longest, and not by court order. */
const releasable = async (client: Direct): Promise<readonly Frozen[]> => {
  const { rows } = await client.query<Frozen>(`
    SELECT a.id::text, a.number, a.version, u.first_name || ' ' || u.last_name AS owner, a.balance::text, a.currency
      FROM bank.account a JOIN bank."user" u ON u.id = a.user_id JOIN ops.hold h ON h.account_id = a.id AND h.released_at IS NULL
     WHERE a.status = 'frozen' AND h.ground <> 'court order' ORDER BY h.placed_at, a.id LIMIT 4`);
  return rows;
};

const findings = [
  'the customer showed the invoices of the payee',
  'the card was replaced and both devices are known',
  'the employer confirmed the payment by telephone',
  'the son made the transfers, says the account holder',
] as const;

const release = ({ id, number, version, owner, balance, currency }: Frozen, index: number): Wish => {
  const note = findings[index] ?? findings[0];
  return {
    action: 'accounts.unfreeze',
    maker: index === 2 ? 'demo' : 'omar',
    ago: [35, 190, 410, 1_500][index] ?? 60,
    entity: 'account',
    id,
    label: number,
    version,
    input: { findings: note, id, resolved: 'yes' },
    preview: [
      `${number} of ${owner} takes deposits, withdrawals and transfers again`,
      `${formatMoney(BigInt(balance), currency)} can be moved at once`,
      '1 open hold is released; the customer is not told',
    ],
    note,
    ...(index === 3 ? { rejected: { by: 'mona', note: 'let him say so himself, in writing' } } : {}),
  };
};

const rowOf = (wish: Wish, session: string, now: number) => {
  const madeAt = now - wish.ago * minute;
  const { rejected } = wish;
  return [
    requestOf('demo request', wish.label), wish.action, '1', wish.entity, wish.id, wish.label, wish.version, JSON.stringify(wish.input),
    `\\x${createHash('sha256').update(JSON.stringify(wish.input)).digest('hex')}`, JSON.stringify(wish.preview),
    createHash('sha256').update(wish.preview.join('\n')).digest('hex'), wish.note, operatorId(wish.maker), session, new Date(madeAt).toISOString(),
    new Date(madeAt + (rejected ? 24 * hour : 7 * 24 * hour)).toISOString(), rejected ? 'rejected' : 'pending', rejected ? operatorId(rejected.by) : null,
    rejected ? new Date(madeAt + 40 * minute).toISOString() : null, rejected?.note ?? null,
  ]; // prettier-ignore
};

/** Requests that wait for a second person, and one that was rejected. Made in sessions that have ended. */
export const fillRequests = async (client: Direct, now: number): Promise<void> => {
  const wishes = (await releasable(client)).map(release);
  const sessions = new Map([...new Set(wishes.map(({ maker }) => maker))].map(maker => [maker, requestOf('demo session', maker)]));
  const began = new Date(now - 30 * hour).toISOString();
  await copyRows(
    client,
    'ops.operator_session (id, operator_id, token_hash, ip, client, kind, started_at, last_seen_at, expires_at, revoked_at)',
    [...sessions].map(([maker, id]) => [
      id, operatorId(maker), `\\x${createHash('sha256').update(id).digest('hex')}`, null, 'bursar', 'demo', began, new Date(now - 30 * minute).toISOString(),
      new Date(now - 22 * hour).toISOString(), new Date(now - 25 * minute).toISOString(),
    ]), // prettier-ignore
  );
  await copyRows(
    client,
    `ops.approval (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, maker_id, maker_session, made_at, expires_at,
      status, decided_by, decided_at, decision_note)`,
    wishes.toReversed().map(wish => rowOf(wish, sessions.get(wish.maker) ?? '', now)),
  );
};
