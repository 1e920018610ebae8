import { ReviewDocument, reviewMarkdown } from '../domain/access-report.ts';
import { DailyDocument, dailyMarkdown } from '../domain/daily-report.ts';
import { IncidentDocument, incidentMarkdown } from '../domain/incident-report.ts';
import { checkSealed, sha256, writeSealed, type CheckedSeal } from './sealed-files.ts';

/** Reviews that end in a signed result. */
export type ReviewKind = 'access review' | 'daily review';

type ReportKind = ReviewKind | 'incident review';

const reports = {
  'access review': {
    name: 'review',
    markdown: (document: string, hash: string) => reviewMarkdown(ReviewDocument.parse(JSON.parse(document)), hash),
  },
  'daily review': {
    name: 'daily-review',
    markdown: (document: string, hash: string) => dailyMarkdown(DailyDocument.parse(JSON.parse(document)), hash),
  },
  'incident review': {
    name: 'incident-review',
    markdown: (document: string, hash: string) => incidentMarkdown(IncidentDocument.parse(JSON.parse(document)), hash),
  },
} as const;

export type Exported = { readonly files: readonly string[]; readonly sha256: string };

/** Writes a review's result as JSON, exactly as it was hashed, and as Markdown, with their seal. */
export const writeReviewFiles = async (
  home: string,
  database: string,
  { kind, id, document }: { readonly kind: ReportKind; readonly id: bigint; readonly document: string },
): Promise<Exported> => {
  const { name, markdown } = reports[kind];
  const stem = `${name}-${String(id).padStart(4, '0')}`;
  const hash = sha256(document);
  const files = [[`${stem}.json`, document] as const, [`${stem}.md`, markdown(document, hash)] as const];
  return { files: await writeSealed(home, { kind, number: id, database, folder: 'reviews', seal: `${stem}.sig`, files }), sha256: hash };
};

/** What the files of a review say of themselves. */
export type Checked = Omit<CheckedSeal, 'hashes' | 'number'> & {
  readonly review: bigint | undefined;
  /** Of the JSON file, as it lies there now. */
  readonly sha256: string | undefined;
};

/** Compares a file of a review and those beside it with what was signed. */
export const checkReviewFiles = async (home: string, file: string): Promise<Checked> => {
  const { hashes, number, kind, problems, ...seal } = await checkSealed(home, file);
  const json = [...hashes].find(([name]) => name.endsWith('.json'));
  const strange = kind?.startsWith('incident') ? [`this is ${kind}: check it with bursar incidents verify`] : [];
  return { ...seal, kind, review: number, sha256: json?.[1], problems: [...strange, ...problems] };
};
