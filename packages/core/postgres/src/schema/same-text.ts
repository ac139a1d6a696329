import { withCastElements } from "./array-coercion.ts";
import { isSameOptions, isSameParameter } from "./option-list.ts";
import type { Fact } from "./model.ts";

/** Whether two texts of a property say the same, where the server keeps them as they were written. */
export function isSameText({ kind, name }: Pick<Fact, "kind" | "name">, property: string, texts: readonly [string, string]): boolean {
  const [before, after] = isExpression(property, texts) ? (texts.map(withCastElements) as [string, string]) : texts;
  if (before === after) return true;
  // In which order a table has its parents matters only when it is made.
  if (property === "parents") return before.split(", ").sort().join() === after.split(", ").sort().join();
  if (property === "definition" && kind === "index") return isSameIndex(before, after);
  if (property === "definition" && kind === "trigger") return withSortedColumns(before, updated) === withSortedColumns(after, updated);
  if (property === "definition" && kind === "statistics") return withSortedColumns(before, measured) === withSortedColumns(after, measured);
  if (property === "value" && (kind === "setting" || kind === "role setting")) return isSameParameter(name.split(" ")[0]!, before, after);
  if (property === "options" && kind === "text search dictionary") return sortedList(before) === sortedList(after);
  return isParameterList(kind, property) && isSameOptions(before, after);
}

/** What the server prints from what it has parsed; the body of a routine is one when it is no text of another language. */
function isExpression(property: string, texts: readonly string[]): boolean {
  return expressions.has(property) || (property === "body" && texts.every((text) => /^(?:RETURN|BEGIN ATOMIC)\s/u.test(text)));
}

const expressions: ReadonlySet<string> = new Set(["definition", "default", "generated as", "using", "with check", "tables", "arguments", "partition key", "partition bound"]);

/** `language = 'german', stopwords = 'german'`, in any order. */
function sortedList(options: string): string {
  return [...options.matchAll(/(?:"(?:[^"]|"")*"|[\w$]+) = '(?:[^']|'')*'/gu)].map(([option]) => option).sort().join(", ");
}

/** The options of foreign data, of dictionaries and of languages mean what their makers say. */
function isParameterList(kind: Fact["kind"], property: string): boolean {
  if (property === "toast options" || property === "index options") return true;
  if (property === "options") return kind === "table" || kind === "column" || kind === "view" || kind === "materialized view" || kind === "tablespace";
  return property === "settings" && (kind === "function" || kind === "procedure");
}

/** Of the storage parameters of an index the order means nothing. */
function isSameIndex(before: string, after: string): boolean {
  const [one, other] = [storage.exec(before), storage.exec(after)];
  if (one === null || other === null) return false;
  const [rest, otherRest] = [before.replace(storage, ""), after.replace(storage, "")];
  return rest === otherRest && isSameOptions(unquoted(one[1]!), unquoted(other[1]!));
}

/** `WITH (fillfactor='70', deduplicate_items=off)`; no parameter of an index has a space or a quote in its value. */
const storage = / WITH \(((?:\w+='?[^\s'(),]+'?(?:, )?)+)\)/u;

function unquoted(list: string): string {
  return list.replaceAll("'", "");
}

/** A trigger fires for the update of any of its columns, and statistics tell of columns together: the server prints them in the table's order. */
function withSortedColumns(definition: string, list: RegExp): string {
  return definition.replace(list, (written: string) => written.split(/, (?=(?:[^"]*"[^"]*")*[^"]*$)/u).sort().join(", "));
}

const updated = /(?<=UPDATE OF )(?:(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?:, )?)+(?= ON )/u;

/** Expressions follow the columns, and stay as they are. */
const measured = /(?<= ON )(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?:, (?:"(?:[^"]|"")*"|[\p{L}\p{N}_$]+)(?=, | FROM ))*(?=, | FROM )/u;
