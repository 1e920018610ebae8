import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A program of its own stands for out/main.js, so that every way to end can be tried.
const program = `
import { setTimeout } from 'node:timers';
const [what] = process.argv.slice(2);
if (what === 'exit') process.exit(Number(process.argv[3]));
if (what === 'tell') console.log(JSON.stringify({ node: process.versions.node, flags: process.execArgv, rest: process.argv.slice(2) }));
if (what === 'die') process.kill(process.pid, 'SIGKILL');
if (what === 'wait') {
  for (const [signal, code] of [['SIGTERM', 15], ['SIGHUP', 1], ['SIGINT', 2]]) process.on(signal, () => process.exit(100 + code));
  setTimeout(() => undefined, 60_000);
  console.log('waiting');
}
`;

const root = mkdtempSync(join(tmpdir(), 'bursar-launcher-'));
const project = join(import.meta.dirname, '../..');

/** Makes a new Node look like an old one; the Node that is started instead looks like what it is. */
const oldNode = [
  '--import',
  `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });")}`,
];

beforeAll(() => {
  for (const folder of ['whole', 'unbuilt', 'bare']) cpSync(join(project, 'bin'), join(root, folder, 'bin'), { recursive: true });
  for (const folder of ['whole', 'unbuilt']) symlinkSync(join(project, 'node_modules'), join(root, folder, 'node_modules'));
  for (const folder of ['whole', 'unbuilt', 'bare']) writeFileSync(join(root, folder, 'package.json'), '{ "type": "module" }');
  for (const folder of ['whole', 'bare']) {
    mkdirSync(join(root, folder, 'out'));
    writeFileSync(join(root, folder, 'out/main.js'), program);
  }
});

afterAll(() => rmSync(root, { recursive: true }));

type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string };

const launch = async (args: readonly string[], { folder = 'whole', node = [] as readonly string[], send = '' } = {}): Promise<Ending> => {
  const child = spawn(process.execPath, [...node, join(root, folder, 'bin/bursar.js'), ...args], {
    env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (send && stdout.includes('waiting')) child.kill(send as NodeJS.Signals);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
};

test.each([
  ['a fitting node', []],
  ['an old node', oldNode],
])('under %s the program runs on 24.7 or newer and gets its arguments', async (_, node) => {
  const { code, stdout, stderr } = await launch(['tell', '--json', 'a b'], { node });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const told = JSON.parse(stdout) as { node: string; rest: string[] };
  expect(told.rest).toEqual(['tell', '--json', 'a b']);
  expect(told.node).toBe(process.versions.node);
});

test('an old node starts the installed one with a small young heap', async () => {
  const { stdout } = await launch(['tell'], { node: oldNode });
  expect((JSON.parse(stdout) as { flags: string[] }).flags).toEqual(['--max-semi-space-size=16']);
});

test.each([['0'], ['1'], ['42']])('the exit code %s is passed on', async code => {
  expect((await launch(['exit', code])).code).toBe(Number(code));
  expect((await launch(['exit', code], { node: oldNode })).code).toBe(Number(code));
});

test.each([
  ['SIGTERM', 115],
  ['SIGHUP', 101],
  ['SIGINT', 102],
])('%s reaches the program, whose answer counts', async (send, code) => {
  expect((await launch(['wait'], { send })).code).toBe(code);
  expect((await launch(['wait'], { send, node: oldNode })).code).toBe(code);
});

test('a killed program looks killed', async () => {
  expect(await launch(['die'], { node: oldNode })).toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('without a build it says what to do', async () => {
  expect(await launch([], { folder: 'unbuilt' })).toMatchObject({
    code: 1,
    stderr: 'bursar: the program is not built, run "npm run build"\n',
  });
});

test('without any fitting node it says what to do', async () => {
  const { code, stderr } = await launch([], { folder: 'bare', node: oldNode });
  expect(code).toBe(1);
  expect(stderr).toBe('bursar: needs Node 24.7 or newer and this is 20.19.0; install it from https://nodejs.org\n');
});
