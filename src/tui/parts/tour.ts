import { paint } from '../theme.ts';
import { rule } from './rule.ts';
import { paragraph } from './wrap.ts';

type TourStep = { readonly title: string; readonly text: readonly string[] };

/** Two minutes: what is where, and how a change is made and taken back. */
export const tour: readonly TourStep[] = [
  {
    title: 'Where you are',
    text: [
      'The first line says which bank this is, who you are, how fresh the rows are, and what time it is in UTC. It is always there.',
      'The second says which list you look at, how it is filtered, and how many records that is.',
    ],
  },
  {
    title: 'Moving',
    text: [
      'j and k go down and up, g and G to the ends, Enter opens the record, Esc goes back. Moving never changes anything.',
      '1 to 9 are the panes. u a t l lead from a record to its user, account, transactions and log; [ leads back, cursor and marks too.',
    ],
  },
  {
    title: 'Finding',
    text: [
      '/ filters this list: type a name, or status=frozen, balance>2000, opened=2026-01-01..2026-01-31, or ! before a word to turn it round. Tab completes.',
      ': opens any list with a filter, for example  :tx amount>2000 since=1d  or  :users status=locked. :save NAME keeps a filter.',
    ],
  },
  {
    title: 'Changing something',
    text: [
      'A session begins read-only: W opens a write window with a reason and a length, and the first line counts it down. What takes two people is asked for; i shows what waits.',
      'x lists what can be done with this record, and says why the rest cannot. The next letter begins it: x f freezes an account.',
      'You give a reason, then see what will happen and what speaks against it. Nothing happens before you confirm that, and the focus starts on Cancel.',
    ],
  },
  {
    title: 'Many at once',
    text: [
      'Space marks, V marks a range, * marks all that match the filter. x then means the marked ones.',
      'One is done first and you are asked again. In the end there is one result for each.',
    ],
  },
  {
    title: 'Taking it back',
    text: [
      'Whatever you did is told at the bottom with its row in the audit log. z opens the way back from the last thing that has one, and shows it before it happens.',
      'When the connection breaks in the middle, the outcome is called unknown until its own key in the log has been looked up. Nothing is ever done twice.',
    ],
  },
  {
    title: 'That is all',
    text: ['? shows the keys for whatever has the focus, q closes the view. p holds the rows still while you read.'],
  },
];

/** One step of the tour; the screen stays in sight above it. */
export const tourLines = (step: number, width: number): readonly string[] => {
  const at = Math.min(step, tour.length - 1);
  const { title, text } = tour[at] ?? { title: '', text: [] };
  return [
    rule(`Tour ${at + 1} of ${tour.length}: ${title}`, width),
    ...text.flatMap(part => paragraph(part, width)),
    '',
    paint(at < tour.length - 1 ? '  Enter next step, Left the one before, Esc ends the tour' : '  Esc ends the tour', 'dim'),
  ];
};
