import { z } from 'zod';

const AnyNetwork = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Whether the text is an address, or a network like `203.0.113.0/24`. */
export const isNetwork = (text: string): boolean => AnyNetwork.safeParse(text).success;

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
