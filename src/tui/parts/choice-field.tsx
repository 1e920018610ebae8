import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { columnsOf, safe } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';

type ChoiceFieldProps = {
  /** With the blank that shall stand between it and the choices. */
  readonly label: string;
  readonly choices: readonly string[];
  readonly value: string;
  readonly onText: (text: string) => void;
};

const Mark = ({ isSelected = false }: { readonly isSelected?: boolean }) => <Text>{isSelected ? '> ' : '  '}</Text>;
const Item = ({ isSelected = false, label }: { readonly isSelected?: boolean; readonly label: string }) => (
  <Text wrap="truncate">{isSelected ? paint(label, 'cursor') : label}</Text>
);

/** Words to choose from with the arrows. Nothing is chosen beforehand where nothing was: a ground is a decision. */
export const ChoiceField = ({ label, choices, value, onText }: ChoiceFieldProps) => {
  const items = (choices.includes(value) ? choices : ['', ...choices]).map(choice => ({
    label: choice === '' ? 'choose one' : safe(choice),
    value: choice,
    key: choice,
  }));
  const initial = items.findIndex(item => item.value === value);
  return (
    <Box flexShrink={0}>
      <Box width={columnsOf(label)} flexShrink={0}>
        <Text>{paint(label, 'title')}</Text>
      </Box>
      <SelectInput
        items={items}
        initialIndex={Math.max(0, initial)}
        indicatorComponent={Mark}
        itemComponent={Item}
        limit={6}
        onHighlight={item => onText(item.value)}
        onSelect={item => onText(item.value)}
      />
    </Box>
  );
};
