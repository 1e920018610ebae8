// Plain JavaScript: asked at every start, and loading TypeScript takes longer than the answer.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';

/** What the program is made of; the lockfile stands for all packages. */
const inputs = ['src', 'prisma/schema.prisma', 'scripts/build', 'scripts/build.ts', 'package-lock.json'];
const generated = join('src', 'database', 'generated');

/** @param {string} root */
export const stampFile = root => join(root, 'out', 'stamp.json');

/** @param {string} path @returns {string[]} */
const filesBelow = path => {
  if (!statSync(path).isDirectory()) return [path];
  if (path.endsWith(generated)) return [];
  return readdirSync(path).flatMap(name => filesBelow(join(path, name)));
};

/** Changes when an input was added, removed or written: sizes and times, because reading all the text would take longer than starting.
 * @param {string} root */
export const inputsOf = root => {
  const files = inputs
    .map(path => join(root, path))
    .filter(path => existsSync(path))
    .flatMap(filesBelow);
  const lines = files.sort().map(file => {
    const { size, mtimeMs } = statSync(file);
    return `${relative(root, file)} ${size} ${mtimeMs}`;
  });
  return [process.version, ...lines].join('\n');
};

/** What the last build was made from, and the files it wrote.
 * @typedef {{ readonly inputs: string, readonly files: readonly string[] }} Stamp */

/** @param {string} root @returns {Stamp | undefined} */
export const lastBuild = root =>
  existsSync(stampFile(root)) ? /** @type {Stamp} */ (JSON.parse(readFileSync(stampFile(root), 'utf8'))) : undefined;

/** Whether out/ is what a build would write now.
 * @param {string} root */
export const isFresh = root => {
  const last = lastBuild(root);
  return (
    last !== undefined &&
    existsSync(join(root, generated)) &&
    last.files.every(file => existsSync(join(root, 'out', file))) &&
    last.inputs === inputsOf(root)
  );
};
