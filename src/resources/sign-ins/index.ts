import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { defineResource, on, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { figuresOf, lastOf, signInPage, type AddressFigures, type Nearby, type SignInRow, type SignInType } from './queries.ts';

const tones: Readonly<Record<SignInType, Tone>> = {
  login_success: 'good',
  login_failure: 'warn',
  login_blocked: 'bad',
  lockout: 'bad',
  logout: 'dim',
  password_reset: 'info',
  mfa_reset: 'info',
};

/** Types as they are read; filters take them as they are kept. */
const wordOf = (type: SignInType): string => type.replace('_', ' ');

type Related = { readonly figures: AddressFigures; readonly last: readonly Nearby[] };

const detail = (event: SignInRow, { figures, last }: Related): readonly DetailSection[] => [
  {
    title: 'Sign-in',
    lines: [
      ['At', formatInstant(event.at)],
      ['What', wordOf(event.type), tones[event.type]],
      ['Username', event.username],
      event.userId === null ? ['User', 'nobody has this name', 'warn'] : ['User', `${event.userId}, ${event.status ?? '-'}`],
      ['IP address', event.ip],
      ['With', event.userAgent || '-'],
    ],
  },
  {
    title: 'From this address, a day before and after',
    lines: [
      [
        'Failures',
        `${figures.failures}, with ${figures.usernames} ${figures.usernames === 1 ? 'name' : 'names'}`,
        figures.failures > 4 ? 'warn' : 'plain',
      ],
      ['Successes', String(figures.successes)],
      ['Kept out', String(figures.blocked)],
      figures.rule === null ? ['Blocked now', 'no'] : ['Blocked now', `by rule ${figures.rule}`, 'bad'],
    ],
  },
  {
    title: 'Last of this name',
    lines: last.map(({ at, type, ip }): DetailLine => [formatShortInstant(at), `${wordOf(type)} from ${ip}`, tones[type]]),
  },
];

export const signIns = defineResource<SignInRow, Related>({
  id: 'sign-ins',
  title: 'Sign-ins',
  entity: 'sign-in',
  aliases: ['sign-in', 'logins', 'auth-events'],
  permission: 'sign-in.read',
  page: signInPage,
  since: 'at',
  personal: true,
  nameOf: event => `${event.username} from ${event.ip}`,

  columns: [
    { title: 'No', width: 8, align: 'right', priority: 3, cell: event => String(event.id) },
    { title: 'At', width: 14, sort: 'at', cell: event => formatInstant(event.at).slice(5), value: event => isoInstant(event.at) },
    { title: 'What', width: 14, cell: event => wordOf(event.type), value: event => event.type, tone: event => tones[event.type] },
    { title: 'Username', width: 'fill', cell: event => event.username },
    { title: 'User is', width: 11, priority: 2, cell: event => event.status ?? 'nobody' },
    { title: 'IP address', width: 15, cell: event => event.ip },
    { title: 'With', width: 26, priority: 2, cell: event => event.userAgent },
  ],

  relate: async (db, event) => {
    const [figures, last] = await Promise.all([figuresOf(db, event), lastOf(db, event)]);
    return { figures, last };
  },
  detail,

  actions: { b: on('sign-ins.block') },
  jumps: {
    u: event => (event.userId === null ? undefined : { resource: 'users', filter: `id=${event.userId}` }),
    l: event => (event.userId === null ? undefined : { resource: 'audit', filter: `entity=user record=${event.userId}` }),
  },
});
