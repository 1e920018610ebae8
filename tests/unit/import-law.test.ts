import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkImportLaw } from '../../scripts/import-law.ts';

/** Planted violations: the file, what it imports, and the rules that must catch it. */
const planted: readonly (readonly [file: string, imports: string, ...rules: string[]])[] = [
  ['src/domain/money.ts', '../database/client.ts', 'domain-imports'],
  ['src/domain/disk.ts', 'node:fs', 'domain-is-pure'],
  ['src/domain/lost.ts', './not-there.ts', 'not-found'],
  ['src/database/up.ts', '../kit/action.ts', 'database-imports'],
  ['src/remote/up.ts', '../database/client.ts', 'remote-imports'],
  ['src/kit/up.ts', '../resources/users/freeze.ts', 'kit-imports'],
  ['src/kit/sql.ts', 'pg', 'postgres-only-in-database'],
  ['src/kit/client.ts', '../database/generated/client.ts', 'client-only-in-queries'],
  ['src/kit/hook.ts', 'react', 'react-only-in-tui'],
  ['src/kit/shell.ts', 'ssh2', 'ssh-only-in-remote'],
  ['src/kit/tested.ts', 'vitest', 'no-development-packages'],
  ['src/kit/backwards.ts', '../../tests/support/bank.ts', 'src-stands-alone'],
  ['src/resources/accounts/index.ts', '../users/freeze.ts', 'panes-know-no-other-pane'],
  ['src/resources/accounts/close.ts', '../registry.ts', 'panes-know-no-other-pane'],
  ['src/resources/accounts/approve.ts', '../../tui/keys.ts', 'resources-imports'],
  ['src/resources/stray.ts', '../domain/clock.ts', 'pane-files-in-folders'],
  ['src/notices/pane.ts', '../resources/users/freeze.ts', 'notices-imports'],
  ['src/kit/mail.ts', 'nodemailer', 'mail-only-in-notices'],
  ['src/commands/tick.ts', 'node-cron', 'cron-only-in-schedule'],
  ['src/runbooks/restore.ts', '../resources/users/freeze.ts', 'runbooks-imports', 'no-pane-for-askers'],
  ['src/detection/rapid.ts', '../tui/keys.ts', 'detection-imports'],
  ['src/reports/daily.ts', '../resources/registry.ts', 'reports-imports', 'no-pane-for-askers'],
  ['src/profiles/django.ts', '../database/client.ts', 'profiles-imports'],
  ['src/schedule/nightly.ts', '../database/client.ts', 'schedule-imports'],
  ['src/tui/app.tsx', '../cli/run.ts', 'tui-imports'],
  ['src/tui/data.ts', '../database/client.ts', 'tui-imports'],
  ['src/tui/rows.ts', '../resources/users/queries.ts', 'screens-ask-the-session'],
  ['src/cli/screen.ts', '../tui/keys.ts', 'cli-imports'],
  ['src/cli/colour.ts', 'ink', 'react-only-in-tui'],
  ['src/commands/doctor.ts', '../tui/keys.ts', 'commands-imports'],
  ['src/demo/bank.ts', '@prisma/client', 'postgres-only-in-database'],
  ['src/config.ts', './database/client.ts', 'config-imports'],
  ['src/kit/top.ts', '../main.ts', 'kit-imports', 'main-is-the-top'],
  ['src/utils/pad.ts', '../domain/clock.ts', 'unknown-room-imports'],
  ['src/kit/pad.ts', '../utils/pad.ts', 'kit-imports', 'unknown-room'],
];

/** What the law allows: none of these may be reported. */
const lawful: readonly (readonly [file: string, ...imports: string[]])[] = [
  ['src/domain/clock.ts', 'zod', 'node:crypto'],
  ['src/database/client.ts', '../domain/clock.ts', './generated/client.ts', '@prisma/adapter-pg', 'pg'],
  ['src/database/generated/client.ts'],
  ['src/kit/action.ts', '../domain/clock.ts', '../database/client.ts'],
  ['src/resources/users/queries.ts', '../../database/client.ts', '../../database/generated/client.ts'],
  ['src/resources/users/freeze.ts', './queries.ts', '../../kit/action.ts'],
  ['src/resources/cards/queries.ts', '../users/queries.ts'],
  ['src/resources/registry.ts', './users/freeze.ts'],
  ['src/notices/mail.ts', 'nodemailer', '../kit/action.ts', '../database/client.ts'],
  ['src/detection/round.ts', '../database/client.ts', '../resources/users/queries.ts'],
  ['src/tui/keys.ts', 'ink', 'react', '../resources/registry.ts'],
  ['src/cli/run.ts', '../resources/registry.ts'],
  ['src/main.ts', './tui/keys.ts', './cli/run.ts', './database/client.ts', 'react'],
  ['tests/support/bank.ts', '../../src/main.ts'],
];

const root = mkdtempSync(join(tmpdir(), 'bursar-law-'));

const write = (file: string, imports: readonly string[]) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  const lines = imports.map((from, index) => `import * as x${index} from '${from}';\nconsole.log(x${index});`);
  writeFileSync(join(root, file), `${lines.join('\n')}\nexport const here = 1;\n`);
};

let verdict: Awaited<ReturnType<typeof checkImportLaw>>;

beforeAll(async () => {
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  cpSync(join(import.meta.dirname, '../../package.json'), join(root, 'package.json'));
  for (const [file, ...imports] of lawful) write(file, imports);
  for (const [file, imports] of planted) write(file, [imports]);
  write('src/kit/circle.ts', ['./square.ts']);
  write('src/kit/square.ts', ['./circle.ts']);
  writeFileSync(join(root, 'src/kit/typed.ts'), "import type { Pool } from 'pg';\nexport type Door = Pool;\n");
  writeFileSync(join(root, 'src/kit/lazy.ts'), "export const door = () => import('pg');\n");
  writeFileSync(join(root, 'src/kit/using.ts'), "export const f = async () => {\n  await using door = await import('pg');\n};\n");
  verdict = await checkImportLaw(root);
});

afterAll(() => rmSync(root, { recursive: true }));

const rulesAt = (file: string) => verdict.breaches.filter(breach => breach.from === file).map(breach => breach.rule);

test('the tool reads every planted file', () => {
  expect(verdict.modules).toBeGreaterThan(planted.length + lawful.length);
});

test.each(planted)('%s importing %s is caught', (file, _imports, ...rules) => {
  expect(rulesAt(file).sort()).toEqual(rules.sort());
});

test('a circle is caught', () => {
  expect(rulesAt('src/kit/circle.ts')).toContain('no-circles');
});

test.each(['src/kit/typed.ts', 'src/kit/lazy.ts', 'src/kit/using.ts'])('types and lazy imports count too: %s', file => {
  expect(rulesAt(file)).toContain('postgres-only-in-database');
});

test.each(lawful)('%s is lawful', file => {
  expect(rulesAt(file)).toEqual([]);
});
