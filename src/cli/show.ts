import { invalid } from '../domain/outcome.ts';
import { drawMoneyFlow } from '../domain/money-flow.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyResource, DetailSection } from '../kit/define-resource.ts';
import { exportedRow, toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import { refuse } from './answer.ts';
import type { Arguments, Flag } from './arguments.ts';
import { exitCode } from './exit-code.ts';
import { findRecord, mayRead } from './find-record.ts';
import type { Streams } from './streams.ts';
import { smallTable } from './table.ts';

export const showFlags: readonly Flag[] = [{ name: 'json', help: 'one JSON document' }];

/** What is drawn takes so many columns, wherever it is read. */
const drawnWidth = 96;

/** The sections of a detail as lines. */
export const sectionLines = (sections: readonly DetailSection[]): readonly string[] =>
  sections.flatMap(({ title, lines = [], table, flow }) => {
    const labels = Math.max(0, ...lines.map(([label]) => label.length));
    return [
      safe(title),
      ...lines.map(([label, value]) => `  ${safe(label).padEnd(labels)}  ${safe(value)}`.trimEnd()),
      ...(table ? smallTable(table).map(line => `  ${line}`) : []),
      ...(flow ? drawMoneyFlow(flow, { width: drawnWidth }).map(line => `  ${line}`) : []),
      '',
    ];
  });

/** `bursar <resource> show <id or name>`. */
export const show = async (resource: AnyResource, { words, flags }: Arguments, session: Session, streams: Streams): Promise<number> => {
  const json = flags['json'] === 'yes';
  const may = mayRead(session, resource);
  if (!may.ok) return refuse(streams, json, may);
  const [word, ...others] = words;
  if (word === undefined || others.length > 0)
    return refuse(streams, json, invalid('show takes one record', `write bursar ${resource.id} show NAME`));
  const found = await findRecord(session, resource, word);
  if (!found.ok) return refuse(streams, json, found);
  const detail = await session.detail(resource, found.value);
  await streams.write(
    json
      ? `${toJson({ resource: resource.id, record: exportedRow(found.value), detail }, 2)}\n`
      : `${sectionLines(detail).join('\n').trimEnd()}\n`,
  );
  return exitCode.done;
};
