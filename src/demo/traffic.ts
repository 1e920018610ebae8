import { setTimeout as delay } from 'node:timers/promises';
import { openDirect, type Direct } from '../database/direct.ts';
import { nextPosting, post, register, signIn, writeDown } from './live-acts.ts';
import { openCases, type CaseWish, type LiveCases } from './live-cases.ts';
import { getToKnow, newManners, type Manners } from './manners.ts';
import { randomFrom, type Random } from './random.ts';
import { readRoster, type Roster } from './roster.ts';
import { DemoRefused } from './storage.ts';

export type TrafficOptions = {
  /** Postings a second; 0 only holds the lock. */
  readonly perSecond: number;
  readonly seed?: number;
  /** The cases planted among the postings, for monitoring to find; every few minutes unless told. */
  readonly cases?: CaseWish;
  /** Milliseconds between two people who register, on average. */
  readonly registrationEvery?: number;
  /** Ends the traffic at once: it waits neither for its turn nor for an address that does not answer. */
  readonly signal: AbortSignal;
  /** Hears of every trouble; traffic goes on where it can. */
  readonly onError?: (error: unknown) => void;
  /** Hears whether this process is the one that makes the traffic. */
  readonly onTurn?: (mine: boolean) => void;
};

/** One process per database makes traffic; the others ask for its place now and then, in milliseconds. */
const trafficLock = 4_471_002;
const turnPoll = 2_000;
const rosterAge = 60_000;
const usualRegistration = 60_000;
/** A queue of applicants that nobody works off must not grow for ever. */
const mostWaiting = 150;
const firstRetry = 250;
const lastRetry = 10_000;

const connectionLost = (error: unknown): boolean => {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return code.startsWith('08') || code.startsWith('57P') || code.startsWith('E') || /connection|not queryable/i.test(message);
};

/** Waits; false when the traffic was ended meanwhile. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<boolean> => delay(milliseconds, true, { signal }).catch(() => false);

const waitForTurn = async (client: Direct, signal: AbortSignal): Promise<boolean> => {
  do {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [trafficLock]);
    if (rows[0]?.mine) return true;
  } while (await pause(turnPoll, signal));
  return false;
};

/** Who takes part, what is known of them, and what is planted. */
type Scene = { readonly roster: Roster; readonly manners: Manners; readonly cases: LiveCases };

const enter = async (client: Direct, { perSecond, cases = 'sometimes' }: TrafficOptions, random: Random): Promise<Scene> => {
  const roster = await readRoster(client, random);
  const manners = newManners(roster.active.length, perSecond);
  await getToKnow(client, manners, roster);
  return { roster, manners, cases: openCases(cases, random, Date.now()) };
};

const lookAgain = async (client: Direct, scene: Scene, random: Random): Promise<Scene> => {
  const roster = await readRoster(client, random);
  await getToKnow(client, scene.manners, roster);
  return { ...scene, roster };
};

/** What happens at one beat: mostly a posting, of a case where one is due, sometimes a sign-in as well. */
const beat = async (client: Direct, { roster, manners, cases }: Scene, random: Random): Promise<void> => {
  const now = Date.now();
  const planted = await cases.due(client, roster, now);
  const wish = planted ?? nextPosting(roster, manners, random, now);
  // Whoever has a part in a case does nothing else
  if (!planted && (cases.has(wish.from) || cases.has(wish.to))) return;
  const key = await post(client, wish);
  if (random.chance(0.03)) await writeDown(client, key, random);
  if (random.chance(0.08)) await signIn(client, random.pick(roster.active), random);
};

/** Posts at the wished rate until the signal or an error; what it is late for by a second is left out. */
const makeTraffic = async (client: Direct, options: TrafficOptions, random: Random): Promise<void> => {
  const { perSecond, signal, registrationEvery = usualRegistration, onError = () => {} } = options;
  let scene = await enter(client, options, random);
  let [readAt, registerAt, due] = [Date.now(), Date.now() + registrationEvery * random.next(), Date.now()];
  const limit = scene.roster.pending + mostWaiting;
  while (!signal.aborted) {
    const now = Date.now();
    if (now - readAt > rosterAge || scene.roster.active.length === 0) [scene, readAt] = [await lookAgain(client, scene, random), now];
    const busy = scene.roster.active.length > 0 && perSecond > 0;
    try {
      if (busy) await beat(client, scene, random);
      if (now >= registerAt && perSecond > 0 && scene.roster.pending < limit) {
        registerAt = now + registrationEvery * (0.5 + random.next());
        await register(client, random);
      }
    } catch (error) {
      if (signal.aborted || connectionLost(error)) throw error;
      onError(error);
    }
    due = Math.max(due + (busy ? 1_000 / perSecond : turnPoll), now - 1_000);
    if (!(await pause(Math.max(0, due - Date.now()), signal))) return;
  }
};

const refuseRealBank = async (client: Direct): Promise<void> => {
  const { rows } = await client.query<{ demo: boolean }>('SELECT EXISTS (SELECT FROM platform.demo_marker) AS demo');
  if (!rows[0]?.demo) throw new DemoRefused('This is no demo database: no traffic is made in it.');
};

/** Connects, unless the traffic is ended meanwhile: an attempt to connect may last for seconds and cannot be called back. */
const connect = async (url: string, signal: AbortSignal): Promise<Direct | undefined> => {
  // Why the connection was lost is thrown by the statement that notices
  const connecting = openDirect(url, { applicationName: 'bursar traffic' }, () => {});
  const ended = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  const client = await Promise.race([connecting, ended]);
  if (!client) connecting.then(late => late.end()).catch(() => undefined);
  return client;
};

/** One connection's life: waits for its turn, makes traffic, and gives the connection back. */
const serve = async (url: string, options: TrafficOptions, random: Random, onConnected: () => void): Promise<void> => {
  const { signal, onTurn = () => {} } = options;
  const client = await connect(url, signal);
  if (!client) return;
  const leave = (): void => void client.end().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  let mine = false;
  try {
    await refuseRealBank(client);
    onConnected();
    mine = await waitForTurn(client, signal);
    if (mine) onTurn(true);
    if (mine) await makeTraffic(client, options, random);
  } finally {
    signal.removeEventListener('abort', leave);
    if (mine) onTurn(false);
    await client.end().catch(() => undefined);
  }
};

/** Makes traffic in a demo bank until the signal; never throws, outlives restarts of the database. Settles when it has stopped. */
export const startTraffic = async (url: string, options: TrafficOptions): Promise<void> => {
  const { signal, seed = Date.now(), onError = () => {} } = options;
  const random = randomFrom(seed, 'traffic');
  let retry = firstRetry;
  while (!signal.aborted) {
    try {
      await serve(url, options, random, () => (retry = firstRetry));
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      if (error instanceof DemoRefused) return;
    }
    await pause(retry, signal);
    retry = Math.min(retry * 2, lastRetry);
  }
};
