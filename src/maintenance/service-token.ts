import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { defineWork, WorkRefused } from './define-work.ts';
import { writeWhole } from './whole-file.ts';

type Files = NonNullable<PlatformProfile['serviceToken']>;

/** How a token is called in words: nobody gets back to it from there. */
const fingerprint = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex').slice(0, 16)}`;

const tokensIn = async (file: string): Promise<readonly string[]> => {
  try {
    return (await readFile(file, 'utf8')).split('\n').map(line => line.trim()).filter(line => line !== ''); // prettier-ignore
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

const shownIn = async ({ shown }: Files): Promise<string> => {
  const [token] = await tokensIn(shown);
  if (token === undefined) throw new WorkRefused('the front end has no token yet: write its first one by hand, into both files');
  return token;
};

/** What was retired stays beside until it was seen to be refused. */
const retiredOf = ({ accepted }: Files): string => `${accepted}.retired`;

/** How long a service that was just restarted is waited for, in milliseconds. */
const patience = 30_000;

const answerTo = async ({ url }: Files, token: string, signal: AbortSignal): Promise<number> => {
  const until = Date.now() + patience;
  for (;;) {
    try {
      const answer = await fetch(url, {
        headers: { 'X-Service-Token': token },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      await answer.body?.cancel();
      if (answer.status < 500 || Date.now() > until) return answer.status;
    } catch (error) {
      if (signal.aborted || Date.now() > until) throw new WorkRefused(`the back end does not answer: ${(error as Error).message}`);
    }
    await pause(500, undefined, { signal });
  }
};

const mustBeTaken = async (files: Files, token: string, signal: AbortSignal): Promise<void> => {
  const status = await answerTo(files, token, signal);
  if (status !== 200) throw new WorkRefused(`the back end answers ${status} to the token ${fingerprint(token)}, which it should take`);
};
const mustBeRefused = async (files: Files, token: string, signal: AbortSignal): Promise<void> => {
  const status = await answerTo(files, token, signal);
  if (status !== 401 && status !== 403)
    throw new WorkRefused(`the back end answers ${status} to the token ${fingerprint(token)}, which it should refuse`);
};

/** Adds a token to those that the back end takes, the newest first. A rotation that was left half-way is gone on with: there are never more than two. */
const make = async (files: Files): Promise<object> => {
  const [shown, accepted] = [await shownIn(files), await tokensIn(files.accepted)];
  if (!accepted.includes(shown))
    throw new WorkRefused('the back end does not take the token that the front end shows: nothing was changed');
  const waiting = accepted.find(token => token !== shown);
  if (waiting !== undefined && accepted[0] === shown) return { made: false, next: fingerprint(shown), current: fingerprint(waiting) };
  const token = waiting ?? randomBytes(32).toString('base64url');
  await writeWhole(files.accepted, `${token}\n${shown}\n`, { like: files.accepted });
  return { made: waiting === undefined, next: fingerprint(token), current: fingerprint(shown) };
};

/** The front end shows the new token from its next start on. */
const show = async (files: Files): Promise<object> => {
  const [shown, accepted] = [await shownIn(files), await tokensIn(files.accepted)];
  const next = accepted.find(token => token !== shown);
  if (next === undefined) throw new WorkRefused('there is no new token: make one first');
  // The newest stands first, and shown first once it is shown: begun again, this must not go back
  if (accepted[0] === shown) return { current: fingerprint(shown), before: fingerprint(next) };
  await writeWhole(files.shown, `${next}\n`, { like: files.shown });
  return { current: fingerprint(next), before: fingerprint(shown) };
};

/** Only what the front end shows is taken from the back end's next start on. */
const retire = async (files: Files): Promise<object> => {
  const [shown, accepted] = [await shownIn(files), await tokensIn(files.accepted)];
  if (!accepted.includes(shown))
    throw new WorkRefused('the back end does not take the token that the front end shows: nothing was changed');
  if (accepted[0] !== shown) throw new WorkRefused('the front end still shows the old token: nothing was retired');
  const old = accepted.filter(token => token !== shown);
  if (old.length > 0) await writeWhole(retiredOf(files), `${old.join('\n')}\n`);
  await writeWhole(files.accepted, `${shown}\n`, { like: files.accepted });
  return { current: fingerprint(shown), retired: old.map(fingerprint) };
};

/** All that should be taken is taken, what is no token is refused, and what was retired is refused and then forgotten. */
const verify = async (files: Files, signal: AbortSignal): Promise<object> => {
  const [shown, accepted, retired] = [await shownIn(files), await tokensIn(files.accepted), await tokensIn(retiredOf(files))];
  if (!accepted.includes(shown)) throw new WorkRefused('the back end does not take the token that the front end shows');
  for (const token of accepted) await mustBeTaken(files, token, signal);
  for (const token of [randomBytes(32).toString('base64url'), ...retired]) await mustBeRefused(files, token, signal);
  await rm(retiredOf(files), { force: true });
  return { valid: true, shown: fingerprint(shown), accepted: accepted.map(fingerprint), refused: retired.map(fingerprint) };
};

/**
 * The token by which the front end is known to the back end (X-Service-Token). Every part can be begun again; killed in the middle, each file is the former one or
 * the new one, whole, and the back end takes what the front end shows.
 */
export const serviceToken = defineWork({
  name: 'service-token',
  summary: 'make, show, retire or verify the token of the services; says fingerprints only',
  input: z.object({ part: z.enum(['make', 'show', 'retire', 'verify']).meta({ title: 'make, show, retire or verify' }) }),
  run: async ({ part }, { platform: { serviceToken: files }, signal }) => {
    if (files === undefined) throw new WorkRefused('config.json of this host does not say where the tokens are: platform.serviceToken');
    if (part === 'make') return make(files);
    if (part === 'show') return show(files);
    return part === 'retire' ? retire(files) : verify(files, signal);
  },
});
