import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readReviewResult, type ReviewResult } from '../database/access-reviews.ts';
import { conflict, done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { reviews } from '../resources/reviews/index.ts';
import { addressOf } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { writeReviewFiles, type Exported } from './review-files.ts';
import { sha256 } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

const numberOf = (words: readonly string[]): Outcome<bigint> => {
  const [word, ...more] = words;
  return word !== undefined && more.length === 0 && /^\d{1,18}$/.test(word)
    ? done(BigInt(word))
    : invalid('reviews export takes the number of one review', 'look it up with: bursar reviews list');
};

/** What leaves the console is what was hashed when the review was closed, and nothing else. */
const exportable = (id: bigint, result: ReviewResult | undefined): Outcome<ReviewResult> => {
  if (!result) return notFound(`there is no review ${id}`);
  if (result.stored === null) return conflict(`review ${id} is open: its result is written when it is closed`);
  if (sha256(result.document) !== result.stored)
    return conflict(`review ${id} is not what it was when it was closed`, 'run "bursar audit verify"');
  return done(result);
};

const exportReview = (id: bigint, context: CommandContext): Promise<Outcome<Exported>> =>
  context.withSession(async session => {
    if (!session.operator.permissions.has(reviews.permission)) {
      return forbidden(`exporting a review needs the permission ${reviews.permission}`, 'ask an administrator for a role that has it');
    }
    const result = exportable(
      id,
      await withDatabase(context, { name: 'reviews export', readOnly: true }, connection => readReviewResult(connection, id)),
    );
    if (!result.ok) return result;
    await session.recordExport(reviews, `id=${id}`, result.value.items);
    const { config } = context;
    return done(await writeReviewFiles(config.home, addressOf(config), { kind: 'access review', id, document: result.value.document }));
  });

/** `bursar reviews export N`. */
export const reviewsExportCommand: Command = {
  name: 'reviews export',
  summary: 'write the result of a closed access review as JSON and Markdown, signed, to the folder reviews of the home',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    const id = numberOf(words);
    if (!id.ok) return refuse(streams, json, id);
    const exported = await exportReview(id.value, context);
    if (!exported.ok) return refuse(streams, json, exported);
    const { files, sha256: hash } = exported.value;
    await streams.write(
      json
        ? `${toJson({ ok: true, review: id.value, sha256: hash, files }, 2)}\n`
        : `${files.map(file => safe(file, { max: 500 })).join('\n')}\n`,
    );
    return exitCode.done;
  },
};
