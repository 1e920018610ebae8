import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askedModels, schemaOf } from './asked-models.ts';

const output = '"../src/database/generated"';

const generate = (root: string, schema: string): void => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schema],
    {
      cwd: root,
      encoding: 'utf8',
      // Prisma wants to download an engine that `generate` never calls; any existing file satisfies it
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
    },
  );
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
};

/** Generates src/database/generated, of the models that are asked about, when they changed since the last time. */
export const generateClient = (root: string): void => {
  const folder = join(root, 'src/database/generated');
  const asked = schemaOf(readFileSync(join(root, 'prisma/schema.prisma'), 'utf8'), askedModels);
  if (!asked.includes(output)) throw new Error(`prisma/schema.prisma no longer puts its client into ${output}`);
  const version = createHash('sha256').update(asked).digest('hex');
  const mark = join(folder, 'schema.sha256');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === version) return;

  const temporary = mkdtempSync(join(tmpdir(), 'bursar-schema-'));
  try {
    const schema = join(temporary, 'schema.prisma');
    writeFileSync(schema, asked.replace(output, JSON.stringify(folder)));
    generate(root, schema);
  } finally {
    rmSync(temporary, { recursive: true });
  }
  writeFileSync(mark, version);
};
