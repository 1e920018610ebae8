import { isIP } from 'node:net';
import { z } from 'zod';

const longest = { 4: 32, 6: 128 } as const;

/** Whether the text is an address, or a network like `203.0.113.0/24`. */
export const isNetwork = (text: string): boolean => {
  const [address = '', mask, ...rest] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || rest.length > 0 || address.includes('%')) return false;
  return mask === undefined || (/^(0|[1-9]\d{0,2})$/.test(mask) && Number(mask) <= longest[family]);
};

/** An address or a network, as somebody types it. */
export const Network = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isNetwork, 'is no address or network; write it like 203.0.113.7 or 203.0.113.0/24')
  .meta({ title: 'Address or network' });

export const ipScopes = ['platform', 'admin', 'everything'] as const;
/** What a rule is for: the platform, the console, or both. */
export type IpScope = (typeof ipScopes)[number];
export const IpScope = z.enum(ipScopes).meta({ title: 'For' });

/** How a scope is told. */
export const scopeWords: Readonly<Record<IpScope, string>> = {
  platform: 'the platform',
  admin: 'this console',
  everything: 'the platform and this console',
};

const hoursPerYear = 8_784;
/** How long a rule stands, in hours. */
export const RuleHours = z.coerce
  .number('is no number')
  .int('is no whole number')
  .min(1, 'is at least 1')
  .max(hoursPerYear, 'is at most a year: 8784');
