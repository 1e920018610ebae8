import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readReviewResult, type ReviewResult } from '../database/access-reviews.ts';
import { conflict, done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { daily } from '../resources/daily/index.ts';
import { reviews } from '../resources/reviews/index.ts';
import { addressOf } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { writeReviewFiles, type Exported, type ReviewKind } from './review-files.ts';
import { sha256 } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

type Exportable = { readonly kind: ReviewKind; readonly name: string; readonly resource: AnyResource; readonly summary: string };

const numberOf = (words: readonly string[], { name, resource }: Exportable): Outcome<bigint> => {
  const [word, ...more] = words;
  return word !== undefined && more.length === 0 && /^\d{1,18}$/.test(word)
    ? done(BigInt(word))
    : invalid(`${name} takes the number of one review`, `look it up with: bursar ${resource.id} list`);
};

/** What leaves the console is what was hashed when the review was closed, and nothing else. */
const exportable = (id: bigint, result: ReviewResult | undefined): Outcome<ReviewResult> => {
  if (!result) return notFound(`there is no review ${id}`);
  if (result.stored === null) return conflict(`review ${id} is open: its result is written when it is closed`);
  if (sha256(result.document) !== result.stored)
    return conflict(`review ${id} is not what it was when it was closed`, 'run "bursar audit verify"');
  return done(result);
};

const exportReview = ({ kind, name, resource }: Exportable, id: bigint, context: CommandContext): Promise<Outcome<Exported>> =>
  context.withSession(async session => {
    if (!session.operator.permissions.has(resource.permission)) {
      return forbidden(`exporting a review needs the permission ${resource.permission}`, 'ask an administrator for a role that has it');
    }
    const result = exportable(
      id,
      await withDatabase(context, { name, readOnly: true }, connection => readReviewResult(connection, kind, id)),
    );
    if (!result.ok) return result;
    await session.recordExport(resource, `id=${id}`, result.value.items);
    const { config } = context;
    return done(await writeReviewFiles(config.home, addressOf(config), { kind, id, document: result.value.document }));
  });

const exportCommand = (what: Exportable): Command => ({
  name: what.name,
  summary: what.summary,
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    const id = numberOf(words, what);
    if (!id.ok) return refuse(streams, json, id);
    const exported = await exportReview(what, id.value, context);
    if (!exported.ok) return refuse(streams, json, exported);
    const { files, sha256: hash } = exported.value;
    await streams.write(
      json
        ? `${toJson({ ok: true, review: id.value, sha256: hash, files }, 2)}\n`
        : `${files.map(file => safe(file, { max: 500 })).join('\n')}\n`,
    );
    return exitCode.done;
  },
});

/** `bursar reviews export N`. */
export const reviewsExportCommand = exportCommand({
  kind: 'access review',
  name: 'reviews export',
  resource: reviews,
  summary: 'write the result of a closed access review as JSON and Markdown, signed, to the folder reviews of the home',
});

/** `bursar review export N`. */
export const reviewExportCommand = exportCommand({
  kind: 'daily review',
  name: 'review export',
  resource: daily,
  summary: 'write the record of a closed daily review as JSON and Markdown, signed, to the folder reviews of the home',
});
