import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';

/** The rule above a dialog: `-- Freeze account 447100930012 ------`. */
export const rule = (title: string, width: number): string => {
  const text = `-- ${safe(title, { max: 120 })} `;
  return paint(fit(text + '-'.repeat(Math.max(0, width - columnsOf(text))), width), 'title');
};

/** The lower part of the screen while something is asked: what it is about stays in sight above. */
export const Dialog = ({
  title,
  width,
  height,
  children,
}: {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly children: ReactNode;
}) => (
  <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
    <Text wrap="truncate">{rule(title, width)}</Text>
    {children}
  </Box>
);
