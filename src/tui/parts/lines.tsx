import { Box, Text } from 'ink';
import { memo } from 'react';

/** One line of the screen. Memoized: a key that changes two lines must not lay out the other forty-eight. */
const Line = memo(({ text }: { readonly text: string }) => <Text wrap="truncate">{text === '' ? ' ' : text}</Text>);

/** Exactly `height` lines; what is missing is blank, what is too much is left out. */
export const Lines = ({ lines, height }: { readonly lines: readonly string[]; readonly height: number }) => (
  <Box flexDirection="column" height={height} flexShrink={0}>
    {Array.from({ length: height }, (_, index) => (
      // a line is its place on the screen
      <Line key={index} text={lines[index] ?? ''} />
    ))}
  </Box>
);
