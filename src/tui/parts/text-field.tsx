import { Box, Text } from 'ink';
import TextInput from 'ink-text-input';
import { columnsOf } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';

type TextFieldProps = {
  /** With the blank that shall stand between it and what is typed. */
  readonly label: string;
  readonly value: string;
  readonly onText: (text: string) => void;
  readonly secret?: boolean;
  readonly focused?: boolean;
};

/** A line that is being typed into. It is fed one key at a time; letters never get lost. */
export const TextField = ({ label, value, onText, secret, focused = true }: TextFieldProps) => (
  <Box height={1} flexShrink={0} overflow="hidden">
    <Box width={columnsOf(label)} flexShrink={0}>
      <Text>{paint(label, 'title')}</Text>
    </Box>
    <Box flexGrow={1} height={1} overflow="hidden" justifyContent="flex-start">
      <Text wrap="truncate-start">
        <TextInput value={value} onChange={onText} focus={focused} {...(secret ? { mask: '*' } : {})} />
      </Text>
    </Box>
  </Box>
);
