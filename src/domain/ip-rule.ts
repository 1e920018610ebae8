import { formatInstant, formatShortInstant } from './day.ts';
import { scopeWords, type IpScope } from './network.ts';

/** Somebody who came from a network. */
export type Behind = {
  readonly kind: 'user' | 'operator';
  readonly who: string;
  readonly ip: string;
  readonly at: Date;
  readonly open: boolean;
};

/** What a block of a network would meet. */
export type BlockFacts = {
  readonly network: string;
  readonly behind: readonly Behind[];
  /** Failed sign-ins from it within a day. */
  readonly failures: number;
  /** The allowlist entry that is in the way, if any. */
  readonly allowed: string | null;
};

export type MadeRule = { readonly id: bigint; readonly network: string; readonly expiresAt: Date | null };

/** `203.0.113.7/32 until 2026-11-22 10:00:00`. */
export const ruleWords = ({ network, expiresAt }: MadeRule): string =>
  expiresAt ? `${network} until ${formatInstant(expiresAt)}` : network;

const people = (behind: readonly Behind[], kind: Behind['kind']): string => {
  const found = behind.filter(one => one.kind === kind);
  const open = found.filter(one => one.open).length;
  return `${found.length} ${kind}${found.length === 1 ? '' : 's'} (${open} signed in now)`;
};

/** Who came from the network within 30 days. */
export const behindWords = (behind: readonly Behind[]): string =>
  behind.length === 0
    ? 'nobody came from it within 30 days'
    : `within 30 days came from it: ${people(behind, 'user')}, ${people(behind, 'operator')}`;

/** What a block does, before it is made. */
export const aboutBlock = ({ network, behind, failures, allowed }: BlockFacts, scope: IpScope, hours: number): readonly string[] => [
  `sign-ins from ${network} are refused by ${scopeWords[scope]} for ${hours} ${hours === 1 ? 'hour' : 'hours'}`,
  `${failures} ${failures === 1 ? 'sign-in' : 'sign-ins'} from it failed within a day`,
  behindWords(behind),
  ...(scope === 'platform' ? [] : ['operators who come from it are signed out at once']),
  'sessions of users that are open stay open: end them one by one',
  ...(allowed === null ? [] : [`it will be refused: ${allowed} is on the allowlist`]),
];

/** The people behind a network as evidence. */
export const behindTable = ({ behind }: { readonly behind: readonly Behind[] }) =>
  behind.length === 0
    ? []
    : [
        {
          title: 'Who came from it',
          table: {
            columns: ['Kind', 'Who', 'IP address', 'Last seen', 'Now'],
            rows: behind
              .slice(0, 20)
              .map(({ kind, who, ip, at, open }) => [kind, who, ip, formatShortInstant(at), open ? 'signed in' : '-']),
          },
        },
      ];

/** How a block is taken back, where one was made. */
export const blockTakenBack = (rule: { readonly id: string } | undefined, note: string) =>
  rule ? [{ action: 'ip-rules.remove', input: { id: rule.id, note: `undone: ${note}`.slice(0, 2_000) } }] : [];
