import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { rule } from './rule.ts';

type DialogProps = { readonly title: string; readonly width: number; readonly height: number; readonly children: ReactNode };

/** The lower part of the screen while something is asked: what it is about stays in sight above. */
export const Dialog = ({ title, width, height, children }: DialogProps) => (
  <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
    <Text wrap="truncate">{rule(title, width)}</Text>
    {children}
  </Box>
);
