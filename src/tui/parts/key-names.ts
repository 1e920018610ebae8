/** Names of keys as people know them. */
const names: Readonly<Record<string, string>> = {
  space: 'Space',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  'shift+tab': 'S-Tab',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  home: 'Home',
  end: 'End',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  letter: 'a letter',
  'alt+left': 'Alt-Left',
  'alt+right': 'Alt-Right',
};

/** A key of the key table as help and cheat sheet write it. */
export const shownKey = (key: string): string => names[key] ?? (key.startsWith('^') ? key.toUpperCase() : key);
