import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { evidenceParts, findEvidence, newestEvidence, type Evidence } from '../database/incident-results.ts';
import type { Direct } from '../database/direct.ts';
import { conflict, done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import type { Permission } from '../domain/permission.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { incidents } from '../resources/incidents/index.ts';
import { addressOf } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { oneNumber } from './one-number.ts';
import { sha256, writeSealed } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

const needed: Permission = 'incident.evidence';

type Bundle = Evidence & { readonly parts: readonly { readonly name: string; readonly document: string }[] };

/** What leaves the console is what was sealed when it was preserved, and nothing else. */
const soundBundle = ({ parts, manifest, stored, ...rest }: Bundle): Outcome<Bundle> => {
  const listed = (JSON.parse(manifest) as { parts: { file: string; sha256: string }[] }).parts;
  const sound =
    sha256(manifest) === stored &&
    listed.length === parts.length &&
    parts.every(({ name, document }) => listed.some(part => part.file === `${name}.json` && part.sha256 === sha256(document)));
  return sound
    ? done({ ...rest, parts, manifest, stored })
    : conflict(`evidence ${rest.id} is not what it was when it was preserved`, 'run "bursar audit verify"');
};

const bundleOf = async (connection: Direct, incident: bigint, wanted: bigint | undefined): Promise<Outcome<Bundle>> => {
  const evidence = wanted === undefined ? await newestEvidence(connection, incident) : await findEvidence(connection, wanted);
  if (!evidence || evidence.incident !== String(incident)) {
    return notFound(
      wanted === undefined ? `nothing was preserved of incident ${incident}` : `incident ${incident} has no evidence ${wanted}`,
      `preserve it with: bursar incidents preserve ${incident}`,
    );
  }
  return soundBundle({ ...evidence, parts: await evidenceParts(connection, evidence.id) });
};

type Exported = { readonly folder: string; readonly files: readonly string[]; readonly sha256: string };

const exportEvidence = (incident: bigint, wanted: bigint | undefined, context: CommandContext): Promise<Outcome<Exported>> =>
  context.withSession(async session => {
    if (!session.operator.permissions.has(needed))
      return forbidden(`exporting evidence needs the permission ${needed}`, 'ask an administrator for a role that has it');
    const bundle = await withDatabase(context, { name: 'incidents export', readOnly: true }, connection =>
      bundleOf(connection, incident, wanted),
    );
    if (!bundle.ok) return bundle;
    const { id, manifest, stored, parts } = bundle.value;
    await session.recordExport(incidents, `id=${incident} evidence=${id}`, parts.length);
    const { config } = context;
    const pad = (number: bigint | string): string => String(number).padStart(4, '0');
    const folder = `incidents/incident-${pad(incident)}-evidence-${pad(id)}`;
    const files = [['manifest.json', manifest] as const, ...parts.map(({ name, document }) => [`${name}.json`, document] as const)];
    const seal = {
      kind: 'incident evidence',
      number: BigInt(id),
      database: addressOf(config),
      folder,
      seal: 'manifest.sig',
      files,
    } as const;
    return done({ folder, files: await writeSealed(config.home, seal), sha256: stored });
  });

/** `bursar incidents export N`. */
export const incidentsExportCommand: Command = {
  name: 'incidents export',
  summary: 'write the newest evidence of an incident to a folder of its own in the home: a file for each part, a manifest, and their seal',
  flags: [
    { name: 'evidence', takes: 'NUMBER', help: 'that bundle instead of the newest' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    const incident = oneNumber(words, 'incidents export takes the number of one incident');
    if (!incident.ok) return refuse(streams, json, incident);
    const { evidence } = flags;
    if (evidence !== undefined && !/^\d{1,18}$/.test(evidence))
      return refuse(streams, json, invalid('--evidence is the number of a bundle'));
    const exported = await exportEvidence(incident.value, evidence === undefined ? undefined : BigInt(evidence), context);
    if (!exported.ok) return refuse(streams, json, exported);
    const { files, sha256: hash } = exported.value;
    await streams.write(
      json
        ? `${toJson({ ok: true, incident: incident.value, sha256: hash, files }, 2)}\n`
        : `${files.map(file => safe(file, { max: 500 })).join('\n')}\n`,
    );
    return exitCode.done;
  },
};
