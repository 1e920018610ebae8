// Which Node runs the program. Plain JavaScript, and nothing newer than Node 20.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** argon2 came into node:crypto with 24.7. */
export const fits = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 7);
};

/** The Node among the project's packages; there is one for Linux on x64 and on arm64. */
const installedNode = () => {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const file = join(dirname(manifest), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined; // no such package for this platform, or optional packages were left out
  }
};

/** Ends the process with one sentence. @param {string} sentence @returns {never} */
export const refuse = sentence => {
  process.stderr.write(`bursar: ${sentence}\n`);
  process.exit(1);
};

/** A Node that fits: this one, or the one that npm installed with the project. */
export const fittingNode = () =>
  fits()
    ? process.execPath
    : (installedNode() ?? refuse(`needs Node 24.7 or newer and this is ${process.versions.node}; install it from https://nodejs.org`));
