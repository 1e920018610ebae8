import { stat } from 'node:fs/promises';
import path from 'node:path';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { findEvidence, readIncidentResult } from '../database/incident-results.ts';
import { invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { Command, CommandContext } from './command.ts';
import { checkSealed, sha256, type CheckedSeal } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

const fileOf = async (named: string): Promise<string> => {
  const isFolder = await stat(named).then(
    found => found.isDirectory(),
    () => false,
  );
  return isFolder ? path.join(named, 'manifest.sig') : named;
};

type Known = {
  readonly what: string;
  readonly stored: string | null;
  readonly now: string;
  readonly audited: string | null;
  readonly demo: boolean;
};

/** What the database knows of it: its own hash, its rows as they are now, and the hash in its audit log. */
const known = async ({ kind, number }: CheckedSeal, context: CommandContext): Promise<Known | undefined> =>
  withDatabase(context, { name: 'incidents verify', readOnly: true }, async connection => {
    if (number === undefined) return undefined;
    if (kind === 'incident evidence') {
      const evidence = await findEvidence(connection, number);
      return evidence && { what: `evidence ${number}`, ...evidence, now: sha256(evidence.manifest) };
    }
    const result = await readIncidentResult(connection, number);
    return result && { what: `the review of incident ${number}`, ...result, now: sha256(result.document) };
  });

const compare = async (checked: CheckedSeal, context: CommandContext): Promise<readonly string[]> => {
  const hash = hashOf(checked);
  if (hash === undefined || checked.number === undefined) return [];
  const found = await known(checked, context);
  if (!found) return [`the database has no ${checked.kind ?? 'record'} ${checked.number}`];
  const { what, stored, now, audited, demo } = found;
  return [
    ...(stored === hash ? [] : [`the database has ${what} with another hash`]),
    ...(now === stored ? [] : [`the rows of ${what} are not what they were`]),
    ...(audited === hash || (audited === null && demo) ? [] : [`the audit log has another hash of ${what}, or none`]),
  ];
};

/** Of the manifest, or of the report's JSON, as it lies there now. */
const hashOf = ({ kind, hashes }: CheckedSeal): string | undefined =>
  kind === 'incident evidence' ? hashes.get('manifest.json') : [...hashes].find(([name]) => name.endsWith('.json'))?.[1];

/** `bursar incidents verify FOLDER`. */
export const incidentsVerifyCommand: Command = {
  name: 'incidents verify',
  summary:
    'check exported evidence (its folder), or a report (one of its files), against seal, database and audit log; exit 1 where it was changed',
  flags: [
    { name: 'offline', help: 'check files and seal only; ask no database' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, context) => {
    const { config, streams } = context;
    const json = flags['json'] === 'yes';
    const [named, ...more] = words;
    if (named === undefined || more.length > 0)
      return refuse(
        streams,
        json,
        invalid('incidents verify takes one folder that incidents export wrote, or one file that incidents report wrote'),
      );
    const checked = await checkSealed(config.home, await fileOf(named));
    const { kind, number, at } = checked;
    const strange = kind === undefined || kind.startsWith('incident') ? [] : [`this is of a ${kind}, and of no incident`];
    const problems = [
      ...strange,
      ...checked.problems,
      ...(flags['offline'] === 'yes' || strange.length > 0 ? [] : await compare(checked, context)),
    ];
    const sound = problems.length === 0;
    const lines = sound
      ? [`${kind} ${number}: ${checked.hashes.size} files as they were, signed ${at}; sha256 ${hashOf(checked)}`]
      : problems.map(problem => `BROKEN ${safe(problem, { max: 300 })}`);
    await streams.write(
      json ? `${toJson({ ok: sound, kind, number, at, sha256: hashOf(checked), problems }, 2)}\n` : `${lines.join('\n')}\n`,
    );
    return sound ? exitCode.done : exitCode.failed;
  },
};
