import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { connectionSettings } from '../../../src/database/settings.ts';
import { checkLoaded } from '../../../src/maintenance/check-loaded.ts';
import { takeDump, type Dump } from '../../../src/maintenance/dump.ts';
import { loadDump } from '../../../src/maintenance/load.ts';
import { signManifest, verifyManifest, type Manifest } from '../../../src/maintenance/manifest.ts';
import { findTools } from '../../../src/maintenance/tools.ts';
import { aDatabase } from '../../support/database.ts';

vi.setConfig({ testTimeout: 120_000 });

const migrations = path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations');
const signal = new AbortController().signal;
const progress = () => undefined;
const key = Buffer.alloc(32, 7);
const root = mkdtempSync(path.join(tmpdir(), 'bursar-dump-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const aFolder = (): string => mkdtempSync(path.join(root, 'f-'));

const manifestOf = ({ facts, files, tables, ...dump }: Dump): Manifest =>
  verifyManifest(
    signManifest(
      {
        ...facts, ...dump, files, ...(tables ? { tables } : {}), format: 1, name: 'a', run: 'a', bursar: '0', encrypted: false,
        octets: files.reduce((sum, { octets }) => sum + octets, 0), previousOctets: null, seconds: 1,
      },
      key,
    ),
    key,
  ); // prettier-ignore

const queryOn = async (url: string, sql: string) => {
  const client = new Client(connectionSettings(url, { applicationName: 'tests', statementTimeoutMs: 0 }));
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const hasTools = (await findTools(150_000, undefined, signal)) !== undefined;
const ways = [
  { way: 'pg_dump', tools: () => undefined, kind: 'dump' },
  { way: 'COPY', tools: aFolder, kind: 'archive' },
] as const;

describe.each(ways)('a dump by $way', ({ way, tools, kind }) => {
  test.skipIf(way === 'pg_dump' && !hasTools)('holds a whole bank: what is loaded from it is the same, and works', async () => {
    await using bank = await aDatabase('demo');
    const folder = aFolder();
    const dump = await takeDump({ databaseUrl: bank.url, folder, tools: tools(), signal, progress });
    expect(dump.kind).toBe(kind);
    expect(readdirSync(folder).toSorted()).toEqual(dump.files.map(({ name }) => name).toSorted());

    const name = `loaded_${kind}_${Date.now()}`;
    const manifest = manifestOf(dump);
    const url = await loadDump({ manifest, folder, adminUrl: bank.url, name, tools: tools(), migrations, signal, progress });
    try {
      expect(await checkLoaded(url, manifest)).toEqual([]);
      const found = await checkLoaded(url, {
        ...manifest,
        rows: { ...manifest.rows, 'bank.account': 1 },
        balances: { ...manifest.balances, EUR: '1' },
        audit: { ...manifest.audit, seq: '1' },
      });
      expect(found).toEqual([
        expect.stringContaining('rows of bank.account'),
        expect.stringContaining('balances in EUR'),
        expect.stringContaining('audit ends with row'),
      ]);
      // Brackets within an expression may stand otherwise once it was written out and read again
      const schema = (address: string) =>
        queryOn(
          address,
          `SELECT translate(line, '()', '') AS line FROM (
             SELECT pg_get_constraintdef(oid) || conrelid::regclass || conname AS line FROM pg_constraint WHERE connamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT p.oid::regprocedure || prosrc || proowner::regrole || coalesce(proacl::text, '') FROM pg_proc p WHERE pronamespace::regnamespace::text IN ('bank','ops','platform')
             UNION ALL SELECT relname || relowner::regrole || coalesce(relacl::text, '') FROM pg_class WHERE relkind IN ('r','S') AND relnamespace::regnamespace::text IN ('bank','ops','platform')) x ORDER BY translate(line, '()', '') COLLATE "C"`,
        );
      expect(await schema(url)).toEqual(await schema(bank.url));
    } finally {
      await queryOn(bank.url, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
