import { missingHeads, readHead, verifyChain, type Break, type Head } from '../database/audit-chain.ts';
import type { Direct } from '../database/direct.ts';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { formatInstant } from '../domain/day.ts';
import { invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { addressOf, readAnchors, writeAnchor, type Anchor } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { guardProblems } from './guards.ts';
import { withDatabase } from './with-database.ts';

/** What verifying found. `problems` is empty where the log can be believed. */
type Findings = {
  readonly checked: number;
  readonly head: Head;
  readonly anchors: number;
  /** The newest anchor that still holds: up to there the history is what it was. */
  readonly holds: Anchor | undefined;
  readonly broken: Break | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
};

/** Anchors compared with one question. */
const batch = 5_000;

const lostAnchors = async (connection: Direct, anchors: readonly Anchor[]): Promise<ReadonlySet<Head>> => {
  const lost = new Set<Head>();
  for (let from = 0; from < anchors.length; from += batch) {
    for (const head of await missingHeads(connection, anchors.slice(from, from + batch))) lost.add(head);
  }
  return lost;
};

const nameOf = ({ seq, problem, row }: Break): string => {
  if (!row) return `row ${seq}: ${problem}`;
  return `row ${seq} (${formatInstant(row.at)} ${row.operator ?? 'nobody'} ${row.action} ${row.entity} ${row.label ?? ''}): ${problem}`;
};

const anchorProblem = ({ seq, at }: Anchor, head: Head): string => {
  const when = `noted at ${formatInstant(new Date(at))}`;
  return seq > head.seq
    ? `row ${head.seq + 1n} is the first that is missing: row ${seq} was ${when}, and the log ends at row ${head.seq}`
    : `row ${seq} is not the one ${when}: the history up to it was written anew`;
};

/** Checks chain, anchors and the functions that guard them, all as of one moment. */
export const findFaults = async (connection: Direct, context: Pick<CommandContext, 'config' | 'migrations'>): Promise<Findings> => {
  const { anchors, forged } = await readAnchors(context.config.home, addressOf(context.config));
  const inOrder = anchors.toSorted((a, b) => (a.seq < b.seq ? -1 : 1));
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const head = await readHead(connection);
  const { checked, broken } = await verifyChain(connection);
  const lost = await lostAnchors(connection, inOrder);
  const guards = await guardProblems(connection, context.migrations);
  await connection.query('COMMIT');
  const firstLost = inOrder.find(anchor => lost.has(anchor));
  return {
    checked,
    head,
    anchors: anchors.length,
    holds: inOrder.findLast(anchor => !lost.has(anchor) && (!firstLost || anchor.seq < firstLost.seq)),
    broken,
    problems: [...(broken ? [nameOf(broken)] : []), ...(firstLost ? [anchorProblem(firstLost, head)] : []), ...guards],
    warnings: forged.length === 0 ? [] : [`anchors.jsonl: not signed with the key of this home: line ${forged.slice(0, 10).join(', ')}`],
  };
};

/** The same in lines, for people. */
export const describeFindings = ({ checked, head, holds, problems }: Findings): readonly string[] => {
  const since = holds ? `anchored up to row ${holds.seq}` : 'nothing was anchored before';
  if (problems.length === 0)
    return [`${checked.toLocaleString('en')} rows, unbroken; head ${head.seq} ${head.hash.slice(0, 16)}; ${since}`];
  return [
    ...problems.map(problem => `BROKEN ${safe(problem)}`),
    holds
      ? `up to row ${holds.seq} the log is what it was at ${formatInstant(new Date(holds.at))}`
      : 'no anchor holds: nothing in the log is certain',
  ];
};

/** `bursar audit verify`. */
export const auditVerifyCommand: Command = {
  name: 'audit verify',
  summary: 'check the chain of the audit log against its anchors; exit 1 where it is broken',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { config, streams } = context;
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('audit verify takes no words'));
    return withDatabase(context, { name: 'audit verify', readOnly: true }, async connection => {
      const findings = await findFaults(connection, context);
      const sound = findings.problems.length === 0;
      if (sound && findings.head.seq > 0n) await writeAnchor(config.home, addressOf(config), findings.head);
      for (const warning of findings.warnings) streams.say(warning);
      await streams.write(json ? `${toJson({ ok: sound, ...findings }, 2)}\n` : `${describeFindings(findings).join('\n')}\n`);
      return sound ? exitCode.done : exitCode.failed;
    });
  },
};
