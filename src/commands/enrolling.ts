import { qrLines } from '../cli/qr.ts';
import type { Streams } from '../cli/streams.ts';
import type { Config } from '../config.ts';
import type { Db } from '../database/client.ts';
import { enrolWith } from '../database/credentials.ts';
import { readSecretKey, seedKeyOf } from '../database/secret-key.ts';
import { readBankFacts } from '../database/sign-in.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { newRecoveryCodes } from '../domain/recovery-code.ts';
import { base32, codeAt, newSeed, otpauthUri } from '../domain/totp.ts';
import { askNewPassword } from './ask.ts';
import { clientOf } from './entry.ts';

const tries = 3;
const stepMs = 30_000;

const isUtf8 = ({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean => /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');

/** The seed as a picture for an authenticator app, and as text for whoever cannot scan. All of it goes to the terminal and nowhere else. */
const showSeed = (streams: Streams, uri: string, seed: Buffer): void => {
  const { environment, draw } = streams;
  const lines = qrLines(uri, { ascii: !isUtf8(environment), colours: draw !== undefined && !environment['NO_COLOR'] });
  streams.say(`Scan this with an authenticator app, or type the key ${base32(seed).replaceAll(/(.{4})(?=.)/g, '$1 ')} into it,`);
  streams.say(`or open this address on the same device: ${uri}`);
  // last, so that with the question below it the picture fits a terminal of 24 lines
  if (draw) draw(lines);
  else for (const line of lines) streams.say(line);
};

/** Asks for a code of the app until one fits, so that nobody is enrolled with codes that they cannot make. */
const askFirstCode = async (streams: Streams, seed: Buffer): Promise<Outcome<string>> => {
  for (let left = tries; left > 0; left--) {
    const typed = (await streams.ask?.('The code that the app shows now: '))?.replaceAll(/\s/g, '') ?? '';
    const now = Date.now();
    if ([-stepMs, 0, stepMs].some(shift => codeAt(seed, now + shift) === typed)) return done(typed);
    streams.say('this is not the code of now; the clocks of both devices must agree');
  }
  return invalid(
    `no code fitted in ${tries} tries`,
    'check the clock of the device, and enrol again: the code to enrol with is still good',
  );
};

const showRecoveryCodes = (streams: Streams, codes: readonly string[]): void => {
  streams.say(
    'Recovery codes, shown this once; each signs you in once when the device is lost. Write them down and keep them apart from it:',
  );
  for (const code of codes) streams.say(`  ${code}`);
};

type Enrolling = {
  readonly db: Db;
  readonly config: Config;
  readonly streams: Streams;
  readonly name: string;
  readonly enrolmentCode: string;
};

/** Lets somebody choose password and one-time codes at their terminal, and proves that both work. */
export const enrolAtTerminal = async ({ db, config, streams, name, enrolmentCode }: Enrolling): Promise<Outcome<true>> => {
  if (!streams.ask) return invalid('enrolling needs a terminal', 'run it where the one-time codes can be scanned from the screen');
  const [facts, secretKey] = await Promise.all([readBankFacts(db), readSecretKey(config.home, config.secretKeyFile)]);
  const password = await askNewPassword(streams, [name]);
  if (!password.ok) return password;
  const seed = newSeed();
  const issuer = `Bursar ${config.environment ?? facts.environment ?? ''}`.trim();
  showSeed(streams, otpauthUri({ issuer, account: name, seed }), seed);
  const code = await askFirstCode(streams, seed);
  if (!code.ok) return code;
  const recoveryCodes = newRecoveryCodes();
  const enrolled = await enrolWith(db, {
    name,
    enrolmentCode,
    password: password.value,
    seed,
    seedKey: seedKeyOf(secretKey),
    code: code.value,
    recoveryCodes,
    client: clientOf(config),
  });
  if (enrolled.ok) showRecoveryCodes(streams, recoveryCodes);
  return enrolled;
};
