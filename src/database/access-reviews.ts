import type { Direct } from './direct.ts';

/** A closed review as the database has it: its result as text, and what was noted of its hash when it was closed. */
export type ReviewResult = {
  readonly items: number;
  readonly document: string;
  /** SHA-256 in hexadecimal, as it was stored; null while the review is open. */
  readonly stored: string | null;
  /** The same as the audit log has it; null where the log knows nothing of its closing. */
  readonly audited: string | null;
  /** Nobody closed the reviews that a demo began with. */
  readonly demo: boolean;
};

/** Where each kind of review lies, what writes its result, and which audit row has the result's hash. */
const places = {
  'access review': { table: 'ops.access_review', document: 'ops.review_document', entity: 'review', action: 'reviews.close' },
  'daily review': { table: 'ops.daily_review', document: 'ops.daily_document', entity: 'daily-review', action: 'daily.close' },
} as const;

/** The result of a review; undefined where there is no such review. */
export const readReviewResult = async (connection: Direct, kind: keyof typeof places, id: bigint): Promise<ReviewResult | undefined> => {
  const { table, document, entity, action } = places[kind];
  const { rows } = await connection.query<ReviewResult>(
    `SELECT r.items, ${document}(r.id) AS document, encode(r.result_hash, 'hex') AS stored, EXISTS (SELECT FROM platform.demo_marker) AS demo,
            (SELECT a.new ->> 'result' FROM ops.audit a WHERE a.entity = '${entity}' AND a.entity_id = r.id::text AND a.action = '${action}' AND a.outcome = 'success' ORDER BY a.seq DESC LIMIT 1) AS audited
       FROM ${table} r WHERE r.id = $1`,
    [String(id)],
  );
  return rows[0];
};
