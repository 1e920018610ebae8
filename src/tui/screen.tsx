import { Box } from 'ink';
import { livePart } from './frame.ts';
import { wordsLabel } from './parts/confirm-lines.ts';
import { Form } from './parts/form.tsx';
import { Lines } from './parts/lines.tsx';
import { TextField } from './parts/text-field.tsx';
import type { State } from './state/types.ts';

export type OverlayProps = {
  readonly state: State;
  /** The field with the focus has a new value. */
  readonly onText: (text: string) => void;
};

export type ScreenProps = OverlayProps & {
  /** The frame of the state: `frameOf` must not be called while React renders. */
  readonly lines: readonly string[];
};

type LiveProps = OverlayProps & { readonly height: number };

/** What is typed into or chosen from. */
const Live = ({ state, onText, height }: LiveProps) => {
  const { mode, size } = state;
  switch (mode.kind) {
    case 'filter':
      return <TextField key={mode.line.edition} label="/" value={mode.line.text} onText={onText} />;
    case 'command':
      return <TextField key={mode.line.edition} label=":" value={mode.line.text} onText={onText} />;
    case 'form':
      return <Form form={mode.form} width={size.columns} height={height} onText={onText} />;
    case 'logs':
      return mode.logs.typing && <TextField key={mode.logs.typing.edition} label="/" value={mode.logs.words} onText={onText} />;
    case 'logs-form':
    case 'window':
    case 'code':
    case 'sign-in':
      return <Form form={mode.sheet} width={size.columns} height={height} onText={onText} />;
    case 'lock':
      return <Form form={mode.lock.sheet} width={size.columns} height={height} onText={onText} />;
    case 'confirm': {
      const { confirm } = mode;
      const label = `${wordsLabel(confirm, size.columns)} `;
      return <TextField key={confirm.edition} label={label} value={confirm.typed} onText={onText} focused={confirm.focus === 'words'} />;
    }
    default:
      return undefined;
  }
};

/** Only what is typed into or chosen from, at its place: the terminal draws the lines of the frame under it, past Ink's layout. */
export const Overlay = ({ state, onText }: OverlayProps) => {
  const { rows } = state.size;
  const live = livePart(state);
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      {live && <Box height={live.from} flexShrink={0} />}
      {live && <Live state={state} onText={onText} height={live.height} />}
    </Box>
  );
};

/** The whole screen drawn by Ink: state in, frame out. It holds no hook and asks no one for anything. */
export const Screen = ({ state, lines, onText }: ScreenProps) => {
  const { rows } = state.size;
  const { from, height } = livePart(state) ?? { from: rows, height: 0 };
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Lines lines={lines} height={from} />
      {height > 0 && <Live state={state} onText={onText} height={height} />}
      <Lines lines={lines.slice(from + height)} height={rows - from - height} />
    </Box>
  );
};
