import { setTimeout as delay } from 'node:timers/promises';
import { installBinaries, packagedPostgres, type PostgresPackage } from './local/binaries.ts';
import { ensureDataDirectory } from './local/data-directory.ts';
import { addressOf, join, leave, type Keeper } from './local/keeper.ts';
import { isServerOf, readPostmaster, stopPostmaster } from './local/postmaster.ts';
import { openSite, type Site } from './local/site.ts';
import { closeSocketDirectory } from './local/socket-directory.ts';
import { startPostgres, type ServerSettings } from './local/start.ts';
import { inTurn } from './local/turns.ts';

export type LocalServer = {
  /** For `pg` and Prisma alike. */
  url: string;
  socketDirectory: string;
  dataDirectory: string;
  /** False when another console's server was found and adopted. */
  startedHere: boolean;
  /** Stops the server, whoever else is on it. */
  stop: () => Promise<void>;
  /** Leaves the server, and stops it when nobody else is on it. */
  release: () => Promise<void>;
};

export type LocalServerWishes = {
  home: string;
  onProgress?: (step: string) => void;
  /** Tests only: settings that trade durability for speed. */
  settings?: ServerSettings;
  /** Tests only: a Postgres package in another place than the installed one. */
  postgres?: PostgresPackage;
};

type Plan = { site: Site; report: (step: string) => void; settings: ServerSettings; postgres: PostgresPackage | undefined };
type Attachment = { keeper: Keeper; socketDirectory: string; startedHere: boolean };

const pollMs = 15;
/** Recovery after a crash reads at most the log since the last checkpoint; the rest is a mistake that must be told. */
const patienceMs = 300_000;
/** A ready server that answers nobody for so long has lost its socket. */
const answerPatienceMs = 10_000;
const lostPollMs = 250;

const prepareAndStart = async ({ site, report, settings, postgres }: Plan): Promise<boolean> => {
  const running = await readPostmaster(site.dataDirectory);
  if (running && (await isServerOf(running.pid, site.dataDirectory))) return false;
  const found = postgres ?? (await packagedPostgres());
  const binDirectory = await installBinaries(found, site.cacheDirectory, site.account);
  await ensureDataDirectory(binDirectory, found.version, site, { durable: settings['fsync'] !== 'off', report });
  report('Starting the database server');
  return startPostgres(binDirectory, site, settings, report);
};

/** Tries until it is on a server: one that runs, that comes up, that recovers, or that it starts itself. */
const attach = async (plan: Plan): Promise<Attachment> => {
  const { dataDirectory, turnsDirectory } = plan.site;
  const begun = Date.now();
  let deadline = begun + patienceMs;
  let startedHere = false;
  while (Date.now() < deadline) {
    const running = await readPostmaster(dataDirectory);
    const keeper = running?.socketDirectory ? await join(running.socketDirectory) : undefined;
    if (running && keeper) return { keeper, socketDirectory: running.socketDirectory, startedHere };
    if (running && (await isServerOf(running.pid, dataDirectory))) {
      deadline = running.ready ? Math.min(deadline, Date.now() + answerPatienceMs) : begun + patienceMs;
      await delay(pollMs);
    } else {
      startedHere = await inTurn(turnsDirectory, () => prepareAndStart(plan));
    }
  }
  throw new Error(`The database server of ${plan.site.home} does not answer. See ${plan.site.logFile}, or end its process and try again`);
};

/** This process among the server's users: no keeper while the connection is lost, not wanted once it has left. */
type Membership = { keeper: Keeper | undefined; wanted: boolean };

/** A killed server is started again, one that was stopped is left alone until somebody starts it. */
const rejoin = async (plan: Plan, membership: Membership): Promise<void> => {
  while (membership.wanted) {
    await delay(lostPollMs, undefined, { ref: false });
    if (!membership.wanted || !(await readPostmaster(plan.site.dataDirectory))) continue;
    const { keeper } = await attach(plan);
    if (membership.wanted) return stayJoined(plan, membership, keeper);
    await keeper.client.end();
  }
};

const stayJoined = (plan: Plan, membership: Membership, keeper: Keeper): void => {
  membership.keeper = keeper;
  keeper.client.once('end', () => {
    membership.keeper = undefined;
    rejoin(plan, membership).catch((error: Error) => plan.report(error.message));
  });
};

/** Where the embedded server of a home answers now; undefined where it does not run. Starts nothing and holds nothing. */
export const addressOfRunning = async (home: string): Promise<string | undefined> => {
  const server = await readPostmaster((await openSite(home)).dataDirectory);
  return server?.ready ? addressOf(server.socketDirectory) : undefined;
};

/** Opens the embedded Postgres of a home: adopts a running one, starts one otherwise, creates it the first time. */
export const openLocalServer = async ({ home, onProgress, settings = {}, postgres }: LocalServerWishes): Promise<LocalServer> => {
  const plan = { site: await openSite(home), report: onProgress ?? (() => undefined), settings, postgres };
  const { keeper, socketDirectory, startedHere } = await attach(plan);
  const membership: Membership = { keeper, wanted: true };
  stayJoined(plan, membership, keeper);

  const close = async (isToStop: (mine: Keeper | undefined) => Promise<boolean>): Promise<void> => {
    if (!membership.wanted) return;
    membership.wanted = false;
    const mine = membership.keeper;
    if (await isToStop(mine)) {
      await stopPostmaster(plan.site.dataDirectory);
      await closeSocketDirectory(plan.site);
    }
    await mine?.client.end();
  };

  return {
    url: addressOf(socketDirectory),
    socketDirectory,
    dataDirectory: plan.site.dataDirectory,
    startedHere,
    stop: () => close(async () => true),
    release: () => close(async mine => mine !== undefined && leave(mine)),
  };
};
