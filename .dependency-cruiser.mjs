// The import law of docs/ARCHITECTURE.md as rules: arrows only downwards, no circles. scripts/import-law.ts applies it.

/** Which rooms a room may import, besides itself. What a room may not see it cannot come to depend on. */
const rooms = {
  domain: [],
  database: ['domain'],
  remote: ['domain'],
  kit: ['domain', 'database', 'remote'],
  resources: ['domain', 'database', 'kit'],
  notices: ['domain', 'database', 'kit'],
  runbooks: ['domain', 'database', 'kit'],
  detection: ['domain', 'database', 'kit'],
  reports: ['domain', 'database', 'kit'],
  profiles: ['domain', 'kit'],
  maintenance: ['domain', 'database'],
  schedule: ['domain', 'kit', 'runbooks', 'detection', 'reports', 'resources'],
  tui: ['domain', 'kit', 'resources', 'runbooks', 'reports'],
  cli: ['domain', 'kit', 'resources', 'runbooks', 'reports'],
};
const names = [...Object.keys(rooms), 'commands', 'demo'];

/** Any pane's questions to the database may be asked by its neighbours; its columns and actions may not be imported. */
const queries = '^src/resources/[^/]+/queries\\.ts$';
const main = '^src/main(\\.tsx?$|/)';
const generated = '^src/database/generated/';

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const never = (name, comment, from, to) => ({ name, comment, severity: /** @type {const} */ ('error'), from, to });
/** @param {string[]} folders */
const inside = folders => `^src/(${folders.join('|')})/`;
/** A package by name, whether it is installed or not. @param {string[]} packages */
const npm = packages => [`(^|/)node_modules/(${packages.join('|')})/`, `^(${packages.join('|')})(/|$)`];

/** The one place where actions are looked up by id: what runbooks make of themselves is among them. */
const registry = '^src/resources/registry\\.ts$';

const roomRules = Object.entries(rooms).map(([room, may]) =>
  never(
    `${room}-imports`,
    `${room} may import ${may.length ? may.join(', ') : 'no other room'}`,
    { path: `^src/${room}/`, ...(room === 'resources' ? { pathNot: registry } : {}) },
    { path: '^src/', pathNot: [inside([room, ...may]), ...(['runbooks', 'detection', 'reports'].includes(room) ? [queries] : [])] },
  ),
);

const askers = ['runbooks', 'detection', 'reports'];

/** @type {{ forbidden: ReturnType<typeof never>[], options: import('dependency-cruiser').ICruiseOptions }} */
export default {
  forbidden: [
    ...roomRules,
    never('no-circles', 'two files that need each other are one file, or miss a third', {}, { circular: true }),
    never('not-found', 'an import must lead somewhere', { path: '^src/' }, { couldNotResolve: true }),
    never(
      'unknown-room',
      'a new room needs a row in the table',
      { path: '^src/' },
      { path: '^src/', pathNot: [inside(names), main, '^src/config\\.ts$'] },
    ),
    never(
      'unknown-room-imports',
      'a new room needs a row in the table',
      { path: '^src/', pathNot: [inside(names), main, '^src/config\\.ts$'] },
      {},
    ),
    never('config-imports', 'config.ts knows only pure rules', { path: '^src/config\\.ts$' }, { path: '^src/', pathNot: '^src/domain/' }),
    never('main-is-the-top', 'nothing imports main', { path: '^src/', pathNot: main }, { path: main }),
    never('commands-imports', 'commands and demo may import all but tui', { path: inside(['commands', 'demo']) }, { path: '^src/tui/' }),
    never('src-stands-alone', 'the program does not need its tests or tools', { path: '^src/' }, { path: '^(tests|scripts|bin)/' }),

    never(
      'panes-know-no-other-pane',
      "another pane's queries.ts may be imported, its columns and actions are named by id",
      { path: '^src/resources/([^/]+)/' },
      { path: '^src/resources/', pathNot: ['^src/resources/$1/', queries] },
    ),
    never(
      'pane-files-in-folders',
      'beside the panes there is only the registry',
      { path: '^src/resources/[^/]+\\.ts$', pathNot: '^src/resources/registry\\.ts$' },
      {},
    ),
    never(
      'no-pane-for-askers',
      "runbooks, detection and reports import a pane's queries.ts only",
      { path: inside(askers) },
      { path: '^src/resources/', pathNot: queries },
    ),
    never(
      'screens-ask-the-session',
      'tui and cli reach the database only through the Session they are given',
      { path: inside(['tui', 'cli']) },
      { path: queries },
    ),

    never(
      'react-only-in-tui',
      'Ink and React belong to the full-screen program',
      { path: '^src/', pathNot: ['^src/tui/', main] },
      { path: npm(['ink', 'ink-[^/]+', 'react', 'react-[^/]+', '@types/react', 'yoga-layout']) },
    ),
    never(
      'postgres-only-in-database',
      'Prisma and pg have one door',
      { path: '^src/', pathNot: '^src/database/' },
      { path: npm(['@prisma/[^/]+', '\\.prisma', 'prisma', 'pg', 'pg-[^/]+', '@types/pg', '@types/pg-[^/]+']) },
    ),
    never(
      'client-only-in-queries',
      'the generated client is seen where questions are asked: database, queries.ts, detection, reports',
      { path: '^src/', pathNot: ['^src/database/', queries, '^src/detection/', '^src/reports/'] },
      { path: generated },
    ),
    never(
      'ssh-only-in-remote',
      'one door to other hosts, and the one host that a demo brings',
      { path: '^src/', pathNot: ['^src/remote/', '^src/demo/host/'] },
      { path: npm(['ssh2', 'ssh2-[^/]+', '@types/ssh2']) },
    ),
    never('cron-only-in-schedule', 'one reading of patterns', { path: '^src/', pathNot: '^src/schedule/' }, { path: npm(['node-cron']) }),
    never(
      'mail-only-in-notices',
      'one door for what is told to people',
      { path: '^src/', pathNot: '^src/notices/' },
      { path: npm(['nodemailer', 'nodemailer-[^/]+', '@types/nodemailer']) },
    ),
    never(
      'domain-is-pure',
      'rules that touch no disk, network or process can be tested everywhere',
      { path: '^src/domain/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util)$' },
    ),
    never(
      'no-development-packages',
      'the program runs without development packages',
      { path: '^src/', pathNot: generated },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'], pathNot: npm(['@types/[^/]+']) },
    ),
  ],
  options: {
    // TypeScript 7 has no compiler API; without swc no .ts file would be read at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', generated] },
    exclude: { path: ['^out/', '^coverage/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
