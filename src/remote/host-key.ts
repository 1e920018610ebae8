import { createHash, timingSafeEqual } from 'node:crypto';

/** The fingerprint of a host key as OpenSSH prints it. */
export const fingerprintOfKey = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** The name of a key's type, which stands at its beginning (RFC 4253, 6.6): "ssh-ed25519". */
const keyTypeOf = (key: Buffer): string => {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  const name = length > 0 && length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : '';
  return /^[a-z0-9@.-]+$/.test(name) ? name : 'unknown';
};

export type HostKeyCheck = {
  /** Synchronous, and exactly true or false: ssh2 takes a promise, or a verifier that is missing, for a yes. */
  readonly verify: (key: Buffer) => boolean;
  /** What the host showed; undefined before it showed anything. */
  readonly seen: () => { readonly fingerprint: string; readonly type: string } | undefined;
};

/** Lets exactly one key pass; null lets none pass and is for looking. Never throws: what cannot be compared is no match. */
export const checkHostKey = (pinned: string | null): HostKeyCheck => {
  let shown: ReturnType<HostKeyCheck['seen']>;
  return {
    verify: key => {
      try {
        shown = { fingerprint: fingerprintOfKey(key), type: keyTypeOf(key) };
        if (pinned === null) return false;
        const [expected, found] = [Buffer.from(pinned), Buffer.from(shown.fingerprint)];
        return expected.length === found.length && timingSafeEqual(expected, found);
      } catch {
        // Whatever it was, it is not the key that was pinned
        return false;
      }
    },
    seen: () => shown,
  };
};
