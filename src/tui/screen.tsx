import { Box } from 'ink';
import { Confirm } from './parts/confirm.tsx';
import { Form } from './parts/form.tsx';
import { Lines } from './parts/lines.tsx';
import { TextField } from './parts/text-field.tsx';
import { frameOf, livePart, type LivePart } from './frame.ts';
import type { State } from './state/types.ts';

export type ScreenProps = {
  readonly state: State;
  /** The text field with the focus has a new value. */
  readonly onText: (text: string) => void;
};

/** What is typed into or chosen from. */
const Live = ({ state, onText, height }: ScreenProps & { readonly height: number }) => {
  const { mode, size, now } = state;
  switch (mode.kind) {
    case 'filter':
      return <TextField key={mode.line.edition} label="/" value={mode.line.text} onText={onText} />;
    case 'command':
      return <TextField key={mode.line.edition} label=":" value={mode.line.text} onText={onText} />;
    case 'form':
      return <Form form={mode.form} width={size.columns} height={height} onText={onText} />;
    case 'confirm':
      return <Confirm confirm={mode.confirm} now={now} width={size.columns} height={height} onText={onText} />;
    default:
      return undefined;
  }
};

/** State in, frame out: it holds no hook and asks no one for anything. */
export const Screen = ({ state, onText }: ScreenProps) => {
  const frame = frameOf(state);
  const live: LivePart = livePart(state) ?? { from: frame.length, height: 0 };
  const rest = frame.slice(live.from + live.height);
  return (
    <Box flexDirection="column" width="100%" height={state.size.rows}>
      <Lines lines={frame} height={live.from} />
      {live.height > 0 && <Live state={state} onText={onText} height={live.height} />}
      <Lines lines={rest} height={rest.length} />
    </Box>
  );
};
