/**
 * The text with everything that a terminal would obey, or that would hide or reorder text, written out as `\x1b`.
 * Evidence quotes names of database objects, and whoever can create a table chooses its name. Newlines stay.
 */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", "  ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFE\uFFFF]/gu, (character) => (harmless.has(character) ? character : written(character)));
}

/** Line feed, and the joiners that Persian, Indic scripts and emoji are written with. */
const harmless: ReadonlySet<string> = new Set(["\n", "\u200C", "\u200D"]);

function written(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** How many columns of a terminal a visible text without newlines takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/u.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : zero.test(character) ? 0 : 1;
  return columns;
}

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303F\uFF01-\uFF60]/u;
const zero = /[\p{Mn}\p{Me}\u200C\u200D]/u;
