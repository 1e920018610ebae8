import { Box } from 'ink';
import { columnsOf, safe } from '../../domain/safe-text.ts';
import type { ConfirmState } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { confirmBody, confirmButtons, confirmEnd, confirmLines, confirmTables } from './confirm-lines.ts';
import { Dialog } from './dialog.tsx';
import { Lines } from './lines.tsx';
import { SmallTable } from './small-table.tsx';
import { TextField } from './text-field.tsx';

type ConfirmProps = {
  readonly confirm: ConfirmState;
  readonly now: number;
  readonly width: number;
  readonly height: number;
  readonly onText: (text: string) => void;
};

const Preview = ({ confirm, width, room }: { readonly confirm: ConfirmState; readonly width: number; readonly room: number }) => {
  const lines = confirmLines(confirm, width);
  const hidden = confirmBody(confirm, width) - room;
  const scroll = Math.max(0, Math.min(confirm.scroll, hidden));
  return (
    <Box height={room} overflow="hidden" flexShrink={0} flexDirection="column">
      <Box marginTop={-scroll} flexDirection="column" flexShrink={0}>
        <Lines lines={lines} height={lines.length} />
        {confirmTables(confirm).map(({ title, table }) => (
          <Box key={title} flexDirection="column" flexShrink={0} marginLeft={2}>
            <Lines lines={[paint(within(safe(title), width - 2), 'title')]} height={1} />
            <SmallTable content={table} width={width - 2} />
          </Box>
        ))}
      </Box>
    </Box>
  );
};

/** What will happen, and the last chance to say no. The focus starts on Cancel. */
export const Confirm = ({ confirm, now, width, height, onText }: ConfirmProps) => {
  const room = Math.max(1, height - 1 - confirmEnd(confirm));
  const below = confirmBody(confirm, width) - room - confirm.scroll;
  const title = [confirm.form.title, confirm.form.label].filter(Boolean).join(' ');
  const label = `  Type ${safe(confirm.words, { max: 60 })} to confirm:`;
  return (
    <Dialog title={title} width={width} height={height}>
      <Preview confirm={confirm} width={width} room={room} />
      {confirm.words !== '' && (
        <TextField
          label={columnsOf(label) > width - 12 ? '  Confirm:' : label}
          value={confirm.typed}
          onText={onText}
          focused={confirm.focus === 'words'}
        />
      )}
      <Lines lines={[below > 0 ? paint(`  ${below} more lines, j scrolls`, 'dim') : '', confirmButtons(confirm, now, width)]} height={2} />
    </Dialog>
  );
};
