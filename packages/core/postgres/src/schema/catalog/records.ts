import type { Row } from "../to-fact.ts";

/**
 * Reads objects as the server writes rows, `(name,,"quoted ""text""")` and a line break between them; `columns` are the names of the fields.
 * Throws an Error for a text that is cut off, or whose rows have another number of fields.
 */
export function readRecords(text: string, columns: readonly string[]): readonly Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < text.length; ) {
    const row: Record<string, unknown> = {};
    for (const column of columns) {
      // Before each field stands the opening parenthesis or a comma.
      const field = readField(text, at + 1);
      if (field.value !== null) row[column] = lists.has(column) ? toList(column, field.value) : field.value;
      at = field.end;
    }
    if (text.charCodeAt(at) !== closing) throw malformed(text, at);
    rows.push(row as Row);
    at += ")\n".length;
  }
  return rows;
}

interface Field {
  readonly value: string | null;
  readonly end: number;
}

const [quote, comma, closing] = ['"', ",", ")"].map((sign) => sign.charCodeAt(0));

/** A field of nothing is null; an empty text is quoted, and so is what holds a sign that means something here. */
function readField(text: string, start: number): Field {
  if (text.charCodeAt(start) === quote) return readQuoted(text, start + 1);
  let end = start;
  for (let sign = text.charCodeAt(end); sign !== comma && sign !== closing; sign = text.charCodeAt(end)) {
    if (end >= text.length) throw malformed(text, start);
    end += 1;
  }
  return { value: end === start ? null : text.slice(start, end), end };
}

/** Quotes and backslashes within are doubled. */
function readQuoted(text: string, start: number): Field {
  let end = text.indexOf('"', start);
  while (end !== -1 && text.charCodeAt(end + 1) === quote) end = text.indexOf('"', end + 2);
  if (end === -1) throw malformed(text, start);
  const written = text.slice(start, end);
  return { value: /["\\]/u.test(written) ? written.replaceAll(/(["\\])\1/gu, "$1") : written, end: end + 1 };
}

function malformed(text: string, at: number): Error {
  return new Error(`the server's list of objects cannot be read at character ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
}

/** Columns that hold a list: privileges as an array, the others as JSON. */
const lists: ReadonlySet<string> = new Set(["acl", "to roles", "unread"]);

function toList(column: string, written: string): readonly string[] {
  return column === "acl" ? readArray(written) : (JSON.parse(written) as string[]);
}

/** The items of an array as the server writes it: `{a,"b,c"}`. */
function readArray(written: string): readonly string[] {
  const items = written.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/gsu) ?? [];
  return items.map((item) => (item.startsWith('"') ? item.slice(1, -1).replaceAll(/\\(.)/gsu, "$1") : item));
}
