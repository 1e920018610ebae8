/**
 * An empty screen with the modes a frame needs: pastes are marked, no cursor, no wrapping at the right edge, where a character that the
 * terminal draws wider than we think must not spill into the next line.
 */
export const emptyScreen = '\u001b[?2004h\u001b[?25l\u001b[?7l\u001b[m\u001b[2J';

/** The alternate screen, so that what the shell showed comes back. */
export const enterScreen = `\u001b[?1049h${emptyScreen}`;

/** All of it back, whatever was under way. */
export const leaveScreen = '\u001b[?2026l\u001b[?2004l\u001b[?7h\u001b[m\u001b[?25h\u001b[?1049l';

/** xterm takes no more of a clipboard text than this, in base64. */
const clipboardMax = 75_000;

/** The sequence that puts a text on the clipboard of the person's own machine (OSC 52); undefined when it is too long. */
export const copySequence = (text: string): string | undefined => {
  const encoded = Buffer.from(text).toString('base64');
  return encoded.length > clipboardMax ? undefined : `\u001b]52;c;${encoded}\u0007`;
};
