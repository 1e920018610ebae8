import { formatInstant } from './day.ts';
import { countOf, type Audience, type IncidentKind, type IncidentStatus } from './incident.ts';

/** What a draft is written from. */
export type Told = {
  readonly id: bigint;
  readonly level: number;
  readonly kind: IncidentKind;
  readonly title: string;
  readonly status: IncidentStatus;
  readonly openedAt: Date;
  readonly commander: string;
  readonly accounts: number;
  readonly frozen: number;
  readonly customers: number;
};

const minute = (instant: Date): string => `${formatInstant(instant).slice(0, 16)} UTC`;
const isOver = ({ status }: Told): boolean => status === 'resolved' || status === 'reviewed';

const whatItIs = (told: Told): string =>
  `Incident #${told.id}, ${told.kind}, level ${told.level}, ${told.status}, since ${minute(told.openedAt)}: ${told.title}. ${told.commander} leads it.`;

const affected = ({ accounts, frozen, customers }: Told): string =>
  accounts === 0
    ? 'No account is known to be affected.'
    : `Affected: ${countOf(accounts, 'account')} of ${countOf(customers, 'customer')}, ${frozen} frozen.`;

const outage = (told: Told): string =>
  isOver(told)
    ? 'Our services work again. Payments that were refused meanwhile are not made up for: please order them again.'
    : `Some of our services have not been available since ${minute(told.openedAt)}. We are working on it; the status page says until when we expect it to last.`;

const security = (told: Told): string =>
  isOver(told)
    ? 'What we told you of is over. If your account was held, it is looked at again and released as soon as it is clear.'
    : 'We hold movements on your account while we look into activity that may not be yours. Your balance stays on it. Give your password and codes to nobody, whoever asks.';

const texts: { readonly [To in Audience]: (told: Told) => string } = {
  team: told =>
    `${whatItIs(told)} ${isOver(told) ? 'It is over; what is left of the checklist stays to be done.' : 'Work through the checklist; what you do is written down by itself.'}`,
  management: told =>
    `${whatItIs(told)} ${affected(told)} ${isOver(told) ? 'The review follows.' : 'The next word comes within the hour.'}`,
  legal: told =>
    `${whatItIs(told)} ${affected(told)} Please say what must be reported, and to whom; for personal data the 72 hours of GDPR, article 33, run from when it became known.`,
  customers: told => (told.kind === 'outage' ? outage(told) : security(told)),
};

/** What a draft says before somebody edits it: by audience, kind, and how far the incident is. */
export const draftText = (audience: Audience, told: Told): string => texts[audience](told);

/** The text in pieces of at most so many characters, cut between words where it can be. */
export const piecesOf = (text: string, most: number): readonly string[] => {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const blank = rest.lastIndexOf(' ', most);
    const cut = blank > most / 2 ? blank : most;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...pieces, rest];
};
