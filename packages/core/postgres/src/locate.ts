/** A place in a text as editors count: from 1, in characters. */
export interface Location {
  readonly line: number;
  readonly column: number;
  /** The line and, below it, a caret under the column. */
  readonly excerpt: string;
}

/** Finds the line and column of an offset in UTF-16 units. */
export function locate(text: string, offset: number): Location {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = text.indexOf("\n", offset);
  const line = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd).replace(/\r$/u, "");
  const column = Array.from(text.slice(lineStart, offset)).length + 1;
  return { line: before.split("\n").length, column, excerpt: pointAt(line, column) };
}

/** Turns a position that Postgres reports (characters, from 1) into an offset in UTF-16 units. */
export function toOffset(text: string, position: number): number {
  return Array.from(text.slice(0, position * 2)).slice(0, position - 1).join("").length;
}

const reach = 60;

// Long lines are cut around the column, and a tab stays one, so that the caret stands right however wide it is shown.
function pointAt(line: string, column: number): string {
  const characters = Array.from(maskPasswords(line));
  const start = Math.max(0, column - 1 - reach);
  const shown = characters.slice(start, column - 1 + reach);
  const indent = shown.slice(0, column - 1 - start).map((character) => (character === "\t" ? "\t" : " "));
  const [cutBefore, cutAfter] = [start > 0, start + shown.length < characters.length];
  return `${cutBefore ? "…" : ""}${shown.join("")}${cutAfter ? "…" : ""}\n${cutBefore ? " " : ""}${indent.join("")}^`;
}

function maskPasswords(line: string): string {
  return line.replaceAll(/(\bpassword\s+')((?:[^']|'')*)/giu, (_, start: string, secret: string) => start + "*".repeat(Array.from(secret).length));
}
