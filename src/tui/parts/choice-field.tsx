import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { columnsOf, safe } from '../../domain/safe-text.ts';
import { paint } from '../theme.ts';
import { choicesShown } from './form-lines.ts';

type ChoiceFieldProps = {
  /** With the blank that shall stand between it and the choices. */
  readonly label: string;
  /** An empty one first means that nothing has to be chosen beforehand. */
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
  const items = choices.map(choice => ({ label: choice === '' ? 'choose one' : safe(choice), value: choice, key: choice }));
  const choose = (item: { readonly value: string }) => onText(item.value);
  return (
    <Box flexShrink={0}>
      <Box width={columnsOf(label)} flexShrink={0}>
        <Text>{paint(label, 'title')}</Text>
      </Box>
      <SelectInput
        items={items}
        initialIndex={Math.max(0, choices.indexOf(value))}
        indicatorComponent={Mark}
        itemComponent={Item}
        limit={choicesShown}
        onHighlight={choose}
        onSelect={choose}
      />
    </Box>
  );
};
