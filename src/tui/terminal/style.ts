/** How many colours may be sent; 0 keeps bold, inverse and underline. */
export type Colours = 0 | 16 | 256;

/** A style is the SGR parameters that make it from nothing, always in the same order: '' is plain, '1;7;31' bold inverse red. */
export type Style = string;

type Attributes = { flags: Set<string>; front: string; back: string };

/** Conceal and blink are left out: hidden and flashing text have no place on an operator's screen. */
const flags = ['1', '2', '3', '4', '7', '9'];
const offs: Record<string, string[]> = { 22: ['1', '2'], 23: ['3'], 24: ['4'], 27: ['7'], 29: ['9'] };

const read = (style: Style): Attributes => {
  const attributes: Attributes = { flags: new Set(), front: '', back: '' };
  apply(attributes, style === '' ? [] : style.split(';'), 256);
  return attributes;
};

const written = ({ flags: set, front, back }: Attributes): Style =>
  [...flags.filter(flag => set.has(flag)), front, back].filter(part => part !== '').join(';');

/** The parameters of one extended colour (38 or 48) and how many there are; true colour is not used. */
const extended = (codes: readonly string[], at: number, colours: Colours): { colour: string | undefined; length: number } => {
  if (codes[at + 1] === '5') return { colour: colours === 256 ? codes.slice(at, at + 3).join(';') : undefined, length: 3 };
  return { colour: undefined, length: codes[at + 1] === '2' ? 5 : 1 };
};

const apply = (attributes: Attributes, codes: readonly string[], colours: Colours): void => {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] || '0';
    const number = Number(code);
    if (code === '0') {
      attributes.flags.clear();
      attributes.front = '';
      attributes.back = '';
    } else if (flags.includes(code)) attributes.flags.add(code);
    else if (offs[code]) for (const flag of offs[code]) attributes.flags.delete(flag);
    else if (code === '39') attributes.front = '';
    else if (code === '49') attributes.back = '';
    else if (code === '38' || code === '48') {
      const { colour, length } = extended(codes, at, colours);
      if (colour !== undefined) attributes[code === '38' ? 'front' : 'back'] = colour;
      at += length - 1;
    } else if (colours > 0 && ((number >= 30 && number <= 37) || (number >= 90 && number <= 97))) attributes.front = code;
    else if (colours > 0 && ((number >= 40 && number <= 47) || (number >= 100 && number <= 107))) attributes.back = code;
  }
};

/** Computes the style after an SGR sequence with these parameters. */
export type Styler = (style: Style, parameters: string) => Style;

/** A styler that remembers what it has seen, as a screen uses a handful. */
export const createStyler = (colours: Colours): Styler => {
  const known = new Map<string, Style>();
  return (style, parameters) => {
    const key = `${style}m${parameters}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const attributes = read(style);
    apply(attributes, parameters.split(';'), colours);
    const next = written(attributes);
    if (known.size > 1000) known.clear();
    known.set(key, next);
    return next;
  };
};

/** The shortest sequence from one style to another. */
export const restyle = (from: Style, to: Style): string => {
  if (from === to) return '';
  if (to === '') return '\u001b[m';
  return from === '' ? `\u001b[${to}m` : `\u001b[;${to}m`;
};
