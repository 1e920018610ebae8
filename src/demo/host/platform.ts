import { timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readMaintenanceFile, type MaintenanceSeen } from '../../domain/maintenance.ts';
import { safe } from '../../domain/safe-text.ts';
import { writeWhole } from './keys.ts';
import type { Places } from './places.ts';
import { isService } from './upkeep.ts';

export type PlatformWishes = {
  readonly places: Places;
  readonly port: number;
  /** Asks the database something; throws where it does not answer. */
  readonly askDatabase: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at whether it is still wanted. */
  readonly everyMs?: number;
  /** How long the database may be away until nobody is taken to use the demo any more, in milliseconds. */
  readonly patienceMs?: number;
};

/** A demo that nobody uses leaves nothing running behind. */
const usualEvery = 5_000;
const usualPatience = 600_000;
/** The database is asked less often than the folder is looked at. */
const looksPerQuestion = 6;

type Log = (level: 'INFO' | 'ERROR' | 'SECURITY', text: string) => void;
type Asked = { readonly ask: () => Promise<boolean>; readonly wellAt: () => number };
type Reply = { readonly code: number; readonly html?: string; readonly json: object; readonly headers?: Readonly<Record<string, string>> };

const healthPaths: ReadonlySet<string> = new Set(['/health', '/healthz', '/api/healthz', '/api/healthz/']);

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, sign => `&#${sign.codePointAt(0)};`);
const page = (title: string, text: string): string =>
  `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><h1>${escaped(title)}</h1><p>${escaped(text)}</p></html>\n`;

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return ''; // there, and unreadable: that is maintenance too
  }
};

/** Undefined where no key was shown. */
const isStaff = (request: IncomingMessage, { staffKeyFile }: Places): boolean | undefined => {
  const shown = request.headers['x-staff'];
  if (shown === undefined) return undefined;
  const [expected, given] = [Buffer.from((readIfThere(staffKeyFile) ?? '').trim()), Buffer.from(String(shown))];
  return expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);
};

const closed = ({ message, until }: MaintenanceSeen, now: Date): Reply => ({
  code: 503,
  json: { status: 'maintenance', message, until: until?.toISOString() ?? null },
  html: page('Closed for maintenance', message),
  headers: until === null ? {} : { 'Retry-After': String(Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000))) },
});

const health = (isWell: boolean, isClosed: boolean): Reply => {
  // what is behind is told as well: after a restore nobody is let in before it is well
  if (isClosed) return { code: 503, json: { status: 'maintenance', database: isWell ? 'ok' : 'unreachable' } };
  return isWell ? { code: 200, json: { status: 'ok' } } : { code: 503, json: { status: 'failing', database: 'unreachable' } };
};

/** Whether the front end is known to the back end, without a word of what it showed. */
const known = (isKnown: boolean): Reply =>
  isKnown ? { code: 200, json: { valid: true } } : { code: 401, json: { valid: false, error: 'the token is not taken' } };

const replyTo = async (request: IncomingMessage, places: Places, log: Log, { ask }: Asked): Promise<Reply> => {
  const [path = '/'] = (request.url ?? '/').split('?');
  const what = `${request.method} ${safe(path, { max: 120 })}`;
  const staff = isStaff(request, places);
  if (staff === false) log('SECURITY', `staff key refused: ${what} from ${request.socket.remoteAddress}`);
  const now = new Date();
  const maintenance = staff === true ? undefined : readMaintenanceFile(readIfThere(places.maintenanceFile), now);
  if (healthPaths.has(path)) return health(await ask(), maintenance !== undefined);
  if (maintenance) return closed(maintenance, now);
  if (path === '/verify') return known(isService(places, request.headers['x-service-token']));
  log('INFO', what);
  if (path === '/') return { code: 200, json: { bank: 'open' }, html: page('The bank', 'The bank is open.') };
  return { code: 404, json: { error: 'there is no such page' } };
};

const send = (request: IncomingMessage, response: ServerResponse, { code, html, json, headers = {} }: Reply): void => {
  const wantsHtml = html !== undefined && /\btext\/html\b/.test(request.headers.accept ?? '');
  response.writeHead(code, {
    'Content-Type': wantsHtml ? 'text/html; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(wantsHtml ? html : `${JSON.stringify(json)}\n`);
};

/** Says once in the log that the database has gone, and once that it is back. */
const asking = (askDatabase: () => Promise<void>, log: Log): Asked => {
  let [isWell, wellAt] = [true, Date.now()];
  return {
    wellAt: () => wellAt,
    ask: async () => {
      try {
        await askDatabase();
        if (!isWell) log('INFO', 'the database answers again');
        [isWell, wellAt] = [true, Date.now()];
      } catch (error) {
        if (isWell) log('ERROR', `the database does not answer: ${safe((error as Error).message, { max: 200 })}`);
        isWell = false;
      }
      return isWell;
    },
  };
};

type End = 'told' | 'forgotten' | 'unused';

/** Waits until the service is wanted no more, and says why. */
const untilUnwanted = ({ places, signal, everyMs = usualEvery, patienceMs = usualPatience }: PlatformWishes, { ask, wellAt }: Asked) =>
  new Promise<End>(resolve => {
    let looks = 0;
    const finish = (why: End): void => {
      clearInterval(looking);
      signal.removeEventListener('abort', told);
      resolve(why);
    };
    const told = (): void => finish('told');
    const look = async (): Promise<void> => {
      if (!existsSync(places.pidFile)) return finish('forgotten');
      if (++looks % looksPerQuestion === 0) await ask();
      if (Date.now() - wellAt() > patienceMs) finish('unused');
    };
    const looking = setInterval(() => void look(), everyMs);
    signal.addEventListener('abort', told);
    if (signal.aborted) told();
  });

const leave = (server: Server, places: Places, log: Log, why: End): void => {
  server.close();
  server.closeAllConnections();
  if (why === 'forgotten') return; // the folder of its log may be gone
  log('INFO', why === 'told' ? 'bank ends: it was told to' : 'bank ends: nobody uses the demo any more');
  rmSync(places.readyFile, { force: true });
  if (why === 'unused') rmSync(places.pidFile, { force: true });
};

/**
 * The demo's platform: a small HTTP service on loopback with health, maintenance and a log, which runs until the signal, or until it is not wanted any more. It
 * reads the file of maintenance at each request, as every platform must that is closed by one.
 */
export const runPlatform = async (wishes: PlatformWishes): Promise<void> => {
  const { places, port } = wishes;
  // opened for each line: whoever rotates the log needs to tell nobody
  const log: Log = (level, text) => appendFileSync(places.logFile, `${new Date().toISOString()} ${level} ${text}\n`, { mode: 0o600 });
  const asked = asking(wishes.askDatabase, log);
  const server = createServer((request, response) => {
    void replyTo(request, places, log, asked)
      .catch((error: unknown): Reply => {
        log('ERROR', `a request failed: ${safe((error as Error).message, { max: 200 })}`);
        return { code: 500, json: { error: 'failed' } };
      })
      .then(reply => send(request, response, reply));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  log('INFO', `bank begins on port ${port}`);
  writeWhole(places.readyFile, `${process.pid}\n`);
  leave(server, places, log, await untilUnwanted(wishes, asked));
};
