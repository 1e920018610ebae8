import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';

/** The rule above a dialog: `-- Freeze account 447100930012 ------`. */
export const rule = (title: string, width: number): string => {
  const text = `-- ${safe(title, { max: 120 })} `;
  return paint(fit(text + '-'.repeat(Math.max(0, width - columnsOf(text))), width), 'title');
};
