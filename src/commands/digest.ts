import { refuse } from '../cli/answer.ts';
import { mayRead } from '../cli/find-record.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Direct } from '../database/direct.ts';
import { digestMarkdown, ShiftDigest } from '../domain/shift-digest.ts';
import { toJson } from '../kit/export.ts';
import { handovers } from '../resources/handovers/index.ts';
import type { Command } from './command.ts';
import { withDatabase } from './with-database.ts';

const digestOf = async (connection: Direct, operator: bigint): Promise<ShiftDigest> => {
  const { rows } = await connection.query<{ digest: unknown }>('SELECT ops.shift_digest(ops.shift_start(), $1) AS digest', [
    String(operator),
  ]);
  return ShiftDigest.parse(rows[0]?.digest);
};

const run: Command['run'] = ({ flags }, context) =>
  context.withSession(async session => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    const may = mayRead(session, handovers);
    if (!may.ok) return refuse(streams, json, may);
    const digest = await withDatabase(context, { name: 'digest', readOnly: true }, connection => digestOf(connection, session.operator.id));
    await session.recordExport(handovers, 'digest', 1);
    await streams.write(json ? `${toJson(digest, 2)}\n` : digestMarkdown(digest));
    return exitCode.done;
  });

const summary = 'how everything stands now and what you did in this shift, as Markdown';
const flags = [{ name: 'json', help: 'one JSON document' }];

/** `bursar digest`. */
export const digestCommand: Command = { name: 'digest', summary, flags, run };

/** `bursar handover`; with more words it is the pane of handovers. */
export const handoverCommand: Command = { name: 'handover', alone: true, summary, flags, run };
