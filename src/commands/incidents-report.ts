import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readIncidentResult, type IncidentResult } from '../database/incident-results.ts';
import { conflict, done, forbidden, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { incidents } from '../resources/incidents/index.ts';
import { addressOf } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { oneNumber } from './one-number.ts';
import { writeReviewFiles, type Exported } from './review-files.ts';
import { sha256 } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

/** What leaves the console is what was hashed when the review was closed, and nothing else. */
const exportable = (id: bigint, result: IncidentResult | undefined): Outcome<IncidentResult> => {
  if (!result) return notFound(`there is no incident ${id}`);
  if (result.stored === null) return conflict(`incident ${id} is not reviewed yet`, `close its review with: bursar incidents review ${id}`);
  if (sha256(result.document) !== result.stored)
    return conflict(`incident ${id} is not what it was when it was reviewed`, 'run "bursar audit verify"');
  return done(result);
};

const exportReport = (id: bigint, context: CommandContext): Promise<Outcome<Exported>> =>
  context.withSession(async session => {
    if (!session.operator.permissions.has(incidents.permission))
      return forbidden(`the report needs the permission ${incidents.permission}`, 'ask an administrator for a role that has it');
    const result = exportable(
      id,
      await withDatabase(context, { name: 'incidents report', readOnly: true }, connection => readIncidentResult(connection, id)),
    );
    if (!result.ok) return result;
    await session.recordExport(incidents, `id=${id} report`, result.value.rows);
    const { config } = context;
    return done(await writeReviewFiles(config.home, addressOf(config), { kind: 'incident review', id, document: result.value.document }));
  });

/** `bursar incidents report N`. */
export const incidentsReportCommand: Command = {
  name: 'incidents report',
  summary: 'write the review of an incident as Markdown and JSON, signed, to the folder reviews of the home',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    const id = oneNumber(words, 'incidents report takes the number of one incident');
    if (!id.ok) return refuse(streams, json, id);
    const exported = await exportReport(id.value, context);
    if (!exported.ok) return refuse(streams, json, exported);
    const { files, sha256: hash } = exported.value;
    await streams.write(
      json
        ? `${toJson({ ok: true, incident: id.value, sha256: hash, files }, 2)}\n`
        : `${files.map(file => safe(file, { max: 500 })).join('\n')}\n`,
    );
    return exitCode.done;
  },
};
