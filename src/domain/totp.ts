import { createHmac, randomBytes } from 'node:crypto';

// RFC 6238 with what every authenticator app takes for granted, so that none of it has to be said in the QR code
const seedLength = 20;
const stepMs = 30_000;
const digits = 6;

/** A new secret that an authenticator app shares with the bank, as long as the output of SHA-1 (RFC 4226). */
export const newSeed = (): Buffer => randomBytes(seedLength);

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 without padding: how a seed is typed where no QR code can be scanned. */
export const base32 = (bytes: Buffer): string => {
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map(five => letters[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
};

export type Enrolment = {
  /** Who asks for the code, such as `Bursar eu-1`. */
  readonly issuer: string;
  readonly account: string;
  readonly seed: Buffer;
};

/** What the QR code says to an authenticator app. It holds the seed: it is a secret. */
export const otpauthUri = ({ issuer, account, seed }: Enrolment): string => {
  // the colon between them is the only thing that tells the two apart
  const [from, who] = [issuer, account].map(name => encodeURIComponent(name.replaceAll(':', ' ')));
  return `otpauth://totp/${from}:${who}?secret=${base32(seed)}&issuer=${from}`;
};

/** The code of the 30 seconds around an instant, in milliseconds since 1970. */
export const codeAt = (seed: Buffer, timeMs: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(timeMs / stepMs)));
  const mac = createHmac('sha1', seed).update(counter).digest();
  // the last four bits say where the number lies (RFC 4226, 5.3)
  const place = mac.readUInt8(mac.length - 1) & 0x0f;
  const number = mac.readUInt32BE(place) & 0x7f_ff_ff_ff;
  return String(number % 10 ** digits).padStart(digits, '0');
};
