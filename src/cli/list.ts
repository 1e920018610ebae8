import { invalid } from '../domain/outcome.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';
import { refuse } from './answer.ts';
import type { Arguments } from './arguments.ts';
import { exitCode } from './exit-code.ts';
import { mayRead } from './find-record.ts';
import { cursorOf, readListRequest } from './list-request.ts';
import { pagesOf } from './pages.ts';
import { asCsv, asJson, asTable } from './row-format.ts';
import type { Streams } from './streams.ts';

/** `bursar <resource> list`. */
export const list = async (
  resource: AnyResource,
  typed: Arguments,
  session: Session,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> => {
  const { json, csv } = typed.flags;
  const may = mayRead(session, resource);
  const asked = !may.ok ? may : json && csv ? invalid('--json and --csv exclude one another') : readListRequest(session, resource, typed);
  if (!asked.ok) return refuse(streams, json === 'yes', asked);
  if (json || csv || streams.columns === undefined) {
    const rows = Math.min(asked.value.limit, (await session.count(resource, asked.value.terms)).value);
    await session.recordExport(resource, asked.value.terms.map(term => term.typed).join(' '), rows);
  }
  const format = json ? asJson(resource) : csv ? asCsv(resource) : asTable(resource, streams.columns);
  let written = 0;
  let next: string | undefined;
  for await (const page of pagesOf(session, resource, asked.value, signal)) {
    if (written === 0) format.begin?.(page.rows);
    const text = page.rows.map((row, index) => format.row(row, written + index)).join('');
    await streams.write(written === 0 ? format.before + text : text);
    written += page.rows.length;
    next = page.next && cursorOf(resource, asked.value.sort, page.next);
  }
  await streams.write(format.after(next));
  if (next !== undefined && !json) streams.say(`more: add --after ${next}`);
  if (written === 0 && !json && !csv) streams.say('no rows');
  return exitCode.done;
};
