import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Generates src/database/generated when the schema changed since the last time. */
export const generateClient = (root: string): void => {
  const schema = createHash('sha256')
    .update(readFileSync(join(root, 'prisma/schema.prisma')))
    .digest('hex');
  const mark = join(root, 'src/database/generated/schema.sha256');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === schema) return;

  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/prisma/build/index.js'), 'generate'], {
    cwd: root,
    encoding: 'utf8',
    // Prisma wants to download an engine that `generate` never calls; any existing file satisfies it
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  });
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
  writeFileSync(mark, schema);
};
