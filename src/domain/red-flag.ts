/** The rules of detection are numbered from 1: R1 to R16. */
const rules = 16;

/** The four red flags of transaction monitoring: the rule that raises each, its mark in a list, its word in filters, and what it means. */
export const redFlags = [
  { rule: 1, mark: 'L', word: 'large', means: 'above the threshold' },
  { rule: 2, mark: 'V', word: 'rapid', means: 'one of a rapid series' },
  { rule: 3, mark: 'R', word: 'round', means: 'one of several round amounts' },
  { rule: 4, mark: 'F', word: 'party', means: 'with a flagged account' },
] as const;

/** The names of all rules: `R5`. */
export const ruleNames: readonly string[] = Array.from({ length: rules }, (_, index) => `R${index + 1}`);

const flagOf = (rule: number) => redFlags.find(flag => flag.rule === rule);

/** What a rule is called where there is room for a word: `large`, `R5`. */
export const ruleWord = (rule: number): string => flagOf(rule)?.word ?? `R${rule}`;

/** The rules that hit a transaction, as short as a list needs it: `LV+2`, or `R6+1` where it has none of the four. */
export const redMarks = (hit: readonly number[]): string => {
  const marks = redFlags.flatMap(({ rule, mark }) => (hit.includes(rule) ? [mark] : [])).join('');
  const [first, ...more] = hit.filter(rule => !flagOf(rule));
  if (first === undefined) return marks;
  const [shown, left] = marks === '' ? [`R${first}`, more.length] : [marks, more.length + 1];
  return left === 0 ? shown : `${shown}+${left}`;
};
