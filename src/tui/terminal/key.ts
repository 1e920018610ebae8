/** One key press. `name` says which key ('up', 'enter', 'a', 'é'), `text` what it types ('' for keys that type nothing). */
export type Key = { name: string; ctrl: boolean; alt: boolean; shift: boolean; text: string };

const plain = { ctrl: false, alt: false, shift: false, text: '' };

const finals: Record<string, string> = {
  A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', E: 'center', P: 'f1', Q: 'f2', R: 'f3', S: 'f4', M: 'enter',
}; // prettier-ignore

/** The numbers of `CSI n ~`, xterm's and rxvt's. */
const numbered: Record<number, string> = {
  1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end',
  11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12',
}; // prettier-ignore

const controls: Record<number, string> = { 8: 'backspace', 9: 'tab', 10: 'enter', 13: 'enter', 27: 'escape', 127: 'backspace' };

/** A typed character or a control byte as a key. */
export const keyOfText = (text: string): Key | undefined => {
  const code = text.codePointAt(0) ?? 0;
  const control = controls[code];
  if (control) return { ...plain, name: control };
  if (code === 0) return { ...plain, name: 'space', ctrl: true };
  // ^A to ^Z, then ^\ ^] ^^ ^_
  if (code < 0x20) return { ...plain, name: String.fromCharCode(code + (code <= 26 ? 0x60 : 0x40)), ctrl: true };
  if (code >= 0x80 && code < 0xa0) return undefined;
  return { ...plain, name: text === ' ' ? 'space' : text, shift: /^\p{Lu}$/u.test(text), text };
};

/** xterm's modifier parameter: 1 + shift + 2 alt + 4 ctrl + 8 meta. */
const modified = (name: string, parameter: string | undefined): Key => {
  const bits = Math.max(0, Number(parameter ?? '1') - 1) || 0;
  return { name, shift: (bits & 1) > 0, alt: (bits & 10) > 0, ctrl: (bits & 4) > 0, text: '' };
};

/** A key that the terminal reports by its code point (`CSI code ; modifiers u`, `CSI 27 ; modifiers ; code ~`). */
const codedKey = (code: number, parameter: string | undefined): Key | undefined => {
  if (!(code > 0 && code <= 0x10ffff)) return undefined;
  const key = keyOfText(String.fromCodePoint(code));
  if (!key) return undefined;
  const { shift, alt, ctrl } = modified('', parameter);
  return { ...key, shift: shift || key.shift, alt, ctrl: ctrl || key.ctrl, text: alt || ctrl ? '' : key.text };
};

const controlSequence = /^\u001b(\[\[|\[|O)([\d;]*)([A-Za-z~$^@])$/; // oxlint-disable-line no-control-regex

/** The key of a whole escape sequence; undefined for what is no key, such as answers of the terminal and focus or mouse reports. */
export const keyOfSequence = (sequence: string): Key | undefined => {
  const parsed = controlSequence.exec(sequence);
  if (!parsed) return undefined;
  const [, kind, parameters = '', final = ''] = parsed;
  const numbers = parameters === '' ? [] : parameters.split(';');
  const first = Number(numbers[0] ?? '1');
  if (kind === '[[') return { ...plain, name: `f${final.charCodeAt(0) - 0x40}` }; // the Linux console's F1 to F5
  if (final === '~') {
    if (first === 27 && numbers.length === 3) return codedKey(Number(numbers[2]), numbers[1]);
    const name = numbered[first];
    return name ? modified(name, numbers[1]) : undefined;
  }
  if (final === 'u') return codedKey(first, numbers[1]);
  if (final === 'Z') return { ...plain, name: 'tab', shift: true };
  if (final === '$' || final === '^') return modified(numbered[first] ?? 'unknown', final === '$' ? '2' : '5');
  // CSI R with two numbers is the answer to a question for the cursor, CSI M the start of a mouse report
  if (final === 'M' && kind === '[') return undefined;
  if (final === 'R' && kind === '[' && first > 1) return undefined;
  const name = finals[final];
  return name ? modified(name, numbers[1] ?? (kind === 'O' ? numbers[0] : undefined)) : undefined;
};
