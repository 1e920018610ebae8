import type { Direct } from './direct.ts';

/** The result of an incident's review as the database has it now, and what was noted of its hash when it was closed. */
export type IncidentResult = {
  readonly document: string;
  /** How many rows of the log its timeline tells. */
  readonly rows: number;
  /** SHA-256 in hexadecimal, as it was stored; null until it is reviewed. */
  readonly stored: string | null;
  /** The same as the audit log has it; null where the log knows nothing of it. */
  readonly audited: string | null;
  /** Nobody reviewed the incident that a demo began with. */
  readonly demo: boolean;
};

/** The result of an incident's review; undefined where there is no such incident. */
export const readIncidentResult = async (connection: Direct, id: bigint): Promise<IncidentResult | undefined> => {
  const { rows } = await connection.query<IncidentResult>(
    `SELECT d.document, jsonb_array_length(d.document::jsonb -> 'timeline') AS rows, encode(i.result_hash, 'hex') AS stored, EXISTS (SELECT FROM platform.demo_marker) AS demo,
            (SELECT a.new ->> 'result' FROM ops.audit a WHERE a.entity = 'incident' AND a.entity_id = i.id::text AND a.action = 'incidents.review' AND a.outcome = 'success' ORDER BY a.seq DESC LIMIT 1) AS audited
       FROM ops.incident i, LATERAL (SELECT ops.incident_document(i.id) AS document) d WHERE i.id = $1`,
    [String(id)],
  );
  return rows[0];
};

/** A sealed bundle of evidence. */
export type Evidence = {
  readonly id: string;
  readonly incident: string;
  readonly manifest: string;
  /** SHA-256 of the manifest in hexadecimal, as it was stored. */
  readonly stored: string;
  /** The same as the audit log has it. */
  readonly audited: string | null;
  readonly demo: boolean;
};

const bundle = `
  SELECT e.id::text, e.incident_id::text AS incident, e.manifest, encode(e.manifest_sha, 'hex') AS stored, EXISTS (SELECT FROM platform.demo_marker) AS demo,
         (SELECT a.new ->> 'sha256' FROM ops.audit a WHERE a.entity = 'incident' AND a.entity_id = e.incident_id::text AND a.action = 'incidents.preserve' AND a.outcome = 'success'
             AND a.new ->> 'evidence' = e.id::text ORDER BY a.seq DESC LIMIT 1) AS audited
    FROM ops.incident_evidence e`;

/** The newest bundle of an incident; undefined where nothing was preserved. */
export const newestEvidence = async (connection: Direct, incident: bigint): Promise<Evidence | undefined> =>
  (await connection.query<Evidence>(`${bundle} WHERE e.incident_id = $1 ORDER BY e.id DESC LIMIT 1`, [String(incident)])).rows[0];

/** A bundle by its own number. */
export const findEvidence = async (connection: Direct, id: bigint): Promise<Evidence | undefined> =>
  (await connection.query<Evidence>(`${bundle} WHERE e.id = $1`, [String(id)])).rows[0];

/** The parts of a bundle, in the order of their names. */
export const evidenceParts = async (
  connection: Direct,
  id: string,
): Promise<readonly { readonly name: string; readonly document: string }[]> =>
  (
    await connection.query<{ name: string; document: string }>(
      'SELECT name, document FROM ops.incident_evidence_part WHERE evidence_id = $1 ORDER BY name',
      [id],
    )
  ).rows;
