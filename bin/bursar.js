#!/usr/bin/env -S node --max-semi-space-size=16
// The command. Runs the built program under a Node that fits: this one, or the one that npm installed with the project.
// Plain JavaScript, and nothing newer than Node 20. The flag above keeps the young heap, and so the memory, small; V8 takes it only at its start.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fits, fittingNode, refuse } from './node.js';

const program = new URL('../out/main.js', import.meta.url);

/** Code that was compiled once is loaded compiled; only below the user's own folder, where nobody else can put code. */
const rememberCompiledCode = () => {
  const cache = process.env['XDG_CACHE_HOME'] || (process.env['HOME'] && join(process.env['HOME'], '.cache'));
  if (!cache || process.env['NODE_COMPILE_CACHE']) return;
  module.enableCompileCache(join(cache, 'bursar'));
  // Written at a proper exit; a console is more often ended by closing its window.
  setTimeout(() => module.flushCompileCache(), 5000).unref();
};

/** @param {string} node */
const runUnder = async node => {
  const { spawn } = await import('node:child_process');
  const self = fileURLToPath(import.meta.url);
  const child = spawn(node, ['--max-semi-space-size=16', self, ...process.argv.slice(2)], { stdio: 'inherit' });
  /** @type {NodeJS.Signals[]} */
  const passedOn = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  // The terminal sends Ctrl+C to both; without a terminal nobody but this process does.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('error', error => refuse(`cannot run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    // The terminal is not restored here: whoever changed its modes has a guard that knows what they were.
    for (const name of process.eventNames()) if (String(name).startsWith('SIG')) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
};

if (fits()) {
  if (!existsSync(program)) refuse('the program is not built, run "npm run build"');
  rememberCompiledCode();
  await import(program.href);
} else {
  await runUnder(fittingNode());
}
