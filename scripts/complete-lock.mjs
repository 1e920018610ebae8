// Completes package-lock.json so that `npm ci` works wherever the registry lacks other platforms' binaries: npm wants an entry for every
// optional package, also for those that this machine could never install. Plain JavaScript: it runs before any dependency is there.
import { readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ optionalDependencies?: Record<string, string>, resolved?: string, dev?: boolean, devOptional?: boolean }} Entry */

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Where a package asked for by the package at `from` would be found, innermost folder first.
 * @param {Record<string, Entry>} packages @param {string} from @param {string} name */
const isThere = (packages, from, name) => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder && `${folder}/`}node_modules/${name}`]) return true;
    if (!folder) return false;
  }
};

/** The entry of an absent platform package: what npm needs to know to leave it out, read from its name (`core-linux-arm-gnueabihf`).
 * @param {string} name @param {string} version @param {boolean} dev */
const stub = (name, version, dev) => {
  const words = name.split(/[/-]/);
  const os = systems.find(system => words.includes(system));
  const cpu = processors.find(processor => words.includes(processor));
  if (!os || !cpu)
    throw new Error(`${name} is missing in the lockfile, and its name does not tell its platform: run npm install with a full registry`);
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined;
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc }), optional: true, os: [os] };
};

const file = new URL('../package-lock.json', import.meta.url);
const lock = /** @type {{ packages: Record<string, Entry> }} */ (JSON.parse(readFileSync(file, 'utf8')));
const { packages } = lock;

let added = 0;
for (const [from, entry] of Object.entries(packages)) {
  delete entry.resolved; // an address would tie the project to one registry; the hash is what counts
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isThere(packages, from, name)) continue;
    packages[`node_modules/${name}`] = stub(name, version, Boolean(entry.dev ?? entry.devOptional));
    added += 1;
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added ? `${added} optional packages completed` : 'the lockfile is complete');
