/**
 * An expression in which a cast of an array of expressions is one of each of them: `(ARRAY['a', b])::text[]` becomes `ARRAY['a'::text, (b)::text]`. The
 * server prints the first as it was written and reads it back as the second, so a dump that is restored turns one into the other.
 */
export function withCastElements(expression: string): string {
  let text = expression;
  for (const at of openings(expression).toReversed()) {
    const array = readCastArray(text, at);
    if (array !== undefined) text = `${text.slice(0, at)}ARRAY[${array.elements.map((element) => cast(element, array.type)).join(", ")}]${text.slice(array.end)}`;
  }
  return text.replaceAll(literalAsText, "$1::text");
}

const opening = "(ARRAY[";

/** Where arrays in parentheses begin, outside of literals and quoted names. */
function openings(text: string): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'" || text[at] === '"') at = endOfQuoted(text, at);
    else if (text.startsWith(opening, at)) found.push(at);
  }
  return found;
}

/** A literal has the same text as a varchar without a limit. */
const literalAsText = /\(('(?:[^']|'')*')::character varying\)::text\b(?!\[)/gu;

interface CastArray {
  readonly elements: readonly string[];
  readonly type: string;
  readonly end: number;
}

const identifier = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const castToArray = new RegExp(String.raw`\)::(${identifier}(?:\.${identifier})?(?: varying| precision)?(?:\(\d+(?:,\d+)?\))?(?: with(?:out)? time zone)?)\[\]`, "uy");

function readCastArray(text: string, start: number): CastArray | undefined {
  const elements: string[] = [];
  let [depth, from] = [0, start + opening.length];
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at]!;
    if (sign === "'" || sign === '"') at = endOfQuoted(text, at);
    else if (depth === 0 && (sign === "," || sign === "]")) {
      elements.push(text.slice(from, at).trim());
      from = at + 1;
      if (sign === "]") return withType(text, from, elements);
    } else if ("([".includes(sign)) depth += 1;
    else if (")]".includes(sign)) depth -= 1;
  }
  return undefined;
}

function withType(text: string, at: number, elements: readonly string[]): CastArray | undefined {
  castToArray.lastIndex = at;
  const [whole, type] = castToArray.exec(text) ?? [];
  return whole === undefined ? undefined : { elements, type: type!, end: at + whole.length };
}

/** Where the literal or name that begins here ends; a quote within is doubled. */
function endOfQuoted(text: string, start: number): number {
  const quote = text[start]!;
  let at = text.indexOf(quote, start + 1);
  while (at >= 0 && text[at + 1] === quote) at = text.indexOf(quote, at + 2);
  return at < 0 ? text.length : at;
}

function cast(element: string, type: string): string {
  return isInParentheses(element) ? `${element}::${type}` : `(${element})::${type}`;
}

function isInParentheses(text: string): boolean {
  if (!text.startsWith("(")) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (sign === "'" || sign === '"') at = endOfQuoted(text, at);
    else if (sign === "(") depth += 1;
    else if (sign === ")" && --depth === 0) return at === text.length - 1;
  }
  return false;
}
