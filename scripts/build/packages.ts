// How some packages are changed on their way into the program. Every change names the text it expects: an upgrade that moves it fails the build.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';
import { simpleCharacters } from './simple-text.ts';

const replaced = (file: string, text: string, expected: string, by: string): string => {
  if (!text.includes(expected)) throw new Error(`${file} no longer contains ${expected}: look at scripts/build/packages.ts`);
  return text.replace(expected, () => by);
};

/** ink-table is CommonJS and calls require('ink'), which Node refuses for a module with top-level await: it becomes a module itself. */
export const inkTable = {
  file: /node_modules[/\\]ink-table[/\\]dist[/\\]index\.js$/,
  change: (text: string): string => `
import * as ink from 'ink';
import * as react from 'react';
import hash from 'object-hash';
const packages = { ink, react, 'object-hash': hash };
const exports = {};
const require = name => packages[name];
(() => {
${text}
})();
export default exports.default;
`,
};

/** Yoga would fetch() its WebAssembly from a data: address, and for that alone Node loads its HTTP client: 35 ms and 7 MB. */
const yoga = {
  file: /node_modules[/\\]yoga-layout[/\\]dist[/\\]binaries[/\\]yoga-wasm-base64-esm\.js$/,
  change: (text: string, file: string): string => replaced(file, text, 'var loadYoga', 'const fetch = undefined;\nvar loadYoga'),
};

/** The width of simple text is its length; the table of all emoji waits for the first text that could hold one. */
const stringWidth = {
  file: /node_modules[/\\]string-width[/\\]index\.js$/,
  change: (text: string, file: string): string =>
    replaced(
      file,
      replaced(
        file,
        text,
        String.raw`if (/^[\u0020-\u007E]*$/.test(string))`,
        `if (ambiguousIsNarrow && /^[${simpleCharacters}]*$/.test(string))`,
      ),
      String.raw`const rgiEmojiRegex = /^\p{RGI_Emoji}$/v;`,
      String.raw`let emoji; const rgiEmojiRegex = { test: text => (emoji ??= /^\p{RGI_Emoji}$/v).test(text) };`,
    ),
};

/** Messages are English; the other fifty languages were a fifth of all that is read before the first frame. */
const zodLocales = {
  file: /node_modules[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/,
  change: (text: string, file: string): string => {
    const english = 'export { default as en } from "./en.js";';
    replaced(file, text, english, '');
    return english;
  },
};

/**
 * Prisma reads the schema twice in each client: as a graph in JavaScript and as a compiler in WebAssembly, together 10 to 30 ms of a core. Neither is ever changed, so all
 * clients of a process share them: a console has two, and one run of the tests thousands. The compiler is for questions in Prisma's own language and is made for the first
 * of them: those of a start are all SQL.
 */
export const prismaRuntime = {
  file: /node_modules[/\\]@prisma[/\\]client[/\\]runtime[/\\]client\.js$/,
  change: (text: string, file: string): string =>
    [
      ['function Ba(e){return new Li(e).deserialize()}', 'var graphs=new WeakMap();function Ba(e){let g=graphs.get(e);return g||graphs.set(e,g=new Li(e).deserialize()),g}'],
      ['return this.#m(()=>new r({datamodel:this.datamodel,provider:n,connectionInfo:i}),void 0,!1)', 'let key=JSON.stringify([n,i,this.datamodel]);return compilers[key]??=this.#m(()=>new r({datamodel:this.datamodel,provider:n,connectionInfo:i}),void 0,!1)'],
      ['n=await this.#l(r)}catch(o)', 'n=onDemand(()=>this.#l(r))}catch(o)'],
      ['s=this.#f(m,T,o)', 's=this.#f(m,T,await o())'],
      ['T=this.#y(t,a,m)', 'T=this.#y(t,a,t.every(Pl)||await m())'],
      ['T=this.#y(A.batch,L,m)', 'T=this.#y(A.batch,L,await m())'],
      ['var yr=class{name="ClientEngine";', 'var compilers={},onDemand=make=>{let made;return()=>made??=make().catch(e=>{made=void 0;throw e})};var yr=class{name="ClientEngine";'],
      ['this.#t={type:"disconnected"},n?.free(),await r?.disconnect(),o', 'this.#t={type:"disconnected"},await r?.disconnect(),o'],
      ['await t.executor.disconnect(),t.queryCompiler.free()', 'await t.executor.disconnect()'],
    ].reduce((changed, [expected = '', by = '']) => replaced(file, changed, expected, by), text),
}; // prettier-ignore

/** The changes as one plugin; react-devtools-core, which Ink imports for debugging only, is not installed and becomes nothing. */
export const changedPackages: Plugin = {
  name: 'changed-packages',
  setup: build => {
    for (const { file, change } of [inkTable, yoga, stringWidth, zodLocales, prismaRuntime]) {
      build.onLoad({ filter: file }, ({ path }) => ({ contents: change(readFileSync(path, 'utf8'), path), resolveDir: dirname(path) }));
    }
    build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    build.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: '' }));
  },
};
