import { createHash, randomBytes } from 'node:crypto';

/** Bytes of a secret: 256 bits, which nobody guesses. */
const length = 32;

/** What a link or an invite carries to one person. Only its hash is kept; the text goes into a sealed notice and nowhere else. */
export type OneTimeSecret = { readonly text: string; readonly hash: Buffer; readonly hint: string };

/** A new secret in letters fit for a link; `hint` tells one from another without telling it. */
export const newOneTimeSecret = (): OneTimeSecret => {
  const text = randomBytes(length).toString('base64url');
  return { text, hash: createHash('sha256').update(text).digest(), hint: text.slice(-4) };
};

/** The link that carries a secret; `pattern` holds `{token}`. */
export const linkWith = (pattern: string, secret: OneTimeSecret): string => pattern.replaceAll('{token}', () => secret.text);

/** Where a link leads, without what it carries: everybody may see that. */
export const placeOf = (pattern: string): string => {
  const [before = ''] = pattern.split('{token}');
  if (!URL.canParse(before)) return pattern;
  const { origin, pathname } = new URL(before);
  return `${origin}${pathname.replace(/\/$/, '')}`;
};
