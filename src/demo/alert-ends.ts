/** What somebody wrote, so many hours after the case was opened. */
export type Note = { readonly by: string; readonly after: number; readonly text: string };

/** How a case of the demo bank stands, and how it got there. */
export type CaseEnd = {
  /** The planted shape it is about. */
  readonly shape: string;
  readonly status: 'open' | 'investigating' | 'suspended' | 'confirmed' | 'refuted' | 'inconclusive';
  readonly title: string;
  /** Why its alerts were escalated. */
  readonly why: string;
  readonly notes: readonly Note[];
  /** What it was, once two people agreed; its alerts have the outcome that follows. */
  readonly finding?: string;
  readonly outcome: 'confirmed' | 'false positive' | 'valuable' | null;
};

/** Each is about the newest case of its shape that is left. */
export const caseEnds: readonly CaseEnd[] = [
  {
    status: 'open',
    shape: 'R9',
    title: 'Money passed on within the hour',
    why: 'The account keeps nothing of what comes in, and its owner gives no reason',
    notes: [{ by: 'ravi', after: 1, text: 'The sender is a trading company that nobody here knows; asked the branch for the file' }],
    outcome: null,
  },
  {
    status: 'investigating',
    shape: 'R15',
    title: 'Large payment after a password reset',
    why: 'Reset from a new device, and an hour later most of the balance was gone',
    notes: [
      { by: 'ravi', after: 2, text: 'Customer reached by telephone: she says she did not ask for a new password' },
      { by: 'omar', after: 5, text: 'Card and online access replaced; the account itself was left open for her salary' },
      { by: 'ravi', after: 30, text: 'The receiving bank was asked to hold the money, no answer yet' },
    ],
    outcome: null,
  },
  {
    status: 'suspended',
    shape: 'R13',
    title: 'Feeling for the limit before a payment',
    why: 'Four refused attempts, each a little smaller, then one just below the limit',
    notes: [
      { by: 'ravi', after: 3, text: 'Customer says the machine at the station kept refusing; asked for the receipts' },
      { by: 'ravi', after: 50, text: 'Waits for the pictures from the cash machine, the other bank needs two weeks' },
    ],
    outcome: null,
  },
  {
    status: 'confirmed',
    shape: 'R5',
    title: 'Cash paid in just below the limit',
    why: 'Five deposits within a day, all just below the limit, no trade that would explain them',
    notes: [
      { by: 'ravi', after: 4, text: 'The cash came in at three branches; the tellers remember the same man each time' },
      { by: 'mona', after: 60, text: 'Reported to the authority on its form; the account stays open at its request' },
    ],
    finding:
      'Cash was cut up below the limit to avoid questions; the customer could not say where it came from. Reported to the authority.',
    outcome: 'confirmed',
  },
  {
    status: 'refuted',
    shape: 'R13',
    title: 'Several attempts before a withdrawal',
    why: 'Refused four times within half an hour and then paid out, unlike anything before',
    notes: [{ by: 'ravi', after: 20, text: 'Customer came to the branch with her passport and the invoice of a garage' }],
    finding: 'She wanted to pay her car in cash and tried how much she could draw in one day. Invoice and passport seen.',
    outcome: 'false positive',
  },
  {
    status: 'inconclusive',
    shape: 'R5',
    title: 'Cash from a market stall',
    why: 'Deposits near the limit on one day, though the account never saw cash before',
    notes: [{ by: 'ravi', after: 26, text: 'Customer says it is the till of a market stall he sold, but has no paper for it' }],
    finding: 'The sale of the stall is likely and cannot be shown. Nothing like it came after; the account is watched.',
    outcome: 'valuable',
  },
];

/** What still waits, the newest first. */
export const openEnds = ['open', 'in review', 'snoozed', 'open'] as const;

export type Dismissal = { readonly outcome: 'false positive' | 'valuable'; readonly note: string };

/** How alerts of each shape were explained, in turn. */
export const dismissals: Readonly<Record<string, readonly Dismissal[]>> = {
  R4: [{ outcome: 'valuable', note: 'Paid to the same shop as the flagged one; both customers were asked, neither knows the other' }],
  R5: [{ outcome: 'false positive', note: 'The takings of a summer fair, paid in evening by evening; the club showed its books' }],
  R6: [
    { outcome: 'false positive', note: 'Kept for a building project and used again, contract of the builder seen' },
    { outcome: 'valuable', note: 'The heirs closed a forgotten account; certificate of inheritance asked for' },
  ],
  R7: [{ outcome: 'false positive', note: 'Deposit for a new flat, contract seen' }],
  R9: [
    { outcome: 'false positive', note: 'Collects the rent of a shared flat and passes it on, contract seen' },
    { outcome: 'valuable', note: 'Sold a car for his brother; explained, and noted in both files' },
  ],
  R13: [{ outcome: 'false positive', note: 'Bought a motorcycle in cash, the seller confirmed it' }],
  R15: [
    { outcome: 'false positive', note: 'Asked for the new password herself, on a new telephone' },
    { outcome: 'valuable', note: 'The son had the password; the customer was told about her duties' },
  ],
};

/** Where nothing else is known. */
export const plainDismissal: Dismissal = { outcome: 'false positive', note: 'Explained by telephone, the papers are in the file' };
