import { readReviewResult } from '../database/access-reviews.ts';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { Command, CommandContext } from './command.ts';
import { checkReviewFiles, type Checked } from './review-files.ts';
import { sha256 } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

/** What the database knows against the file: its own rows, and the hash in its audit log. */
const compare = async ({ kind, review, sha256: ofFile }: Checked, context: CommandContext): Promise<readonly string[]> => {
  if (review === undefined || ofFile === undefined || (kind !== 'access review' && kind !== 'daily review')) return [];
  const result = await withDatabase(context, { name: 'reviews verify', readOnly: true }, connection =>
    readReviewResult(connection, kind, review),
  );
  if (!result) return [`the database has no review ${review}`];
  return [
    ...(result.stored === ofFile ? [] : [`review ${review} was closed with another result`]),
    ...(sha256(result.document) === result.stored ? [] : [`the rows of review ${review} are not what they were when it was closed`]),
    ...(result.audited === ofFile || (result.audited === null && result.demo)
      ? []
      : [`the audit log has another result of review ${review}, or none`]),
  ];
};

/** `bursar reviews verify FILE`. */
export const reviewsVerifyCommand: Command = {
  name: 'reviews verify',
  summary:
    'check an exported access review or daily review against its signature, the database and the audit log; exit 1 where it was changed',
  flags: [
    { name: 'offline', help: 'check files and signature only; ask no database' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, context) => {
    const { config, streams } = context;
    const json = flags['json'] === 'yes';
    const [file, ...more] = words;
    if (file === undefined || more.length > 0 || !/\.(json|md|sig)$/.test(file)) {
      return refuse(
        streams,
        json,
        invalid('reviews verify takes one file that reviews export or review export wrote', 'it ends with .json, .md or .sig'),
      );
    }
    const checked = await checkReviewFiles(config.home, file);
    const problems = [...checked.problems, ...(flags['offline'] === 'yes' ? [] : await compare(checked, context))];
    const sound = problems.length === 0;
    const lines = sound
      ? [
          `${checked.kind === 'daily review' ? 'daily ' : ''}review ${checked.review}: as it was closed, signed ${checked.at}; sha256 ${checked.sha256}`,
        ]
      : problems.map(problem => `BROKEN ${safe(problem, { max: 300 })}`);
    await streams.write(json ? `${toJson({ ok: sound, ...checked, problems }, 2)}\n` : `${lines.join('\n')}\n`);
    return sound ? exitCode.done : exitCode.failed;
  },
};
