import type { Fact, Kind } from "@org/postgres/schema";
import { ownName, splitName } from "./names.ts";

/** Objects by the name that SQL calls them by, for finding them in a text. */
export interface NameIndex {
  readonly byName: ReadonlyMap<string, readonly Fact[]>;
  /** They go by their own names beside that of their table. */
  readonly columns: readonly Fact[];
}

/** The name that other objects use; none for what nobody can refer to. */
function nameInSql({ kind, name }: Fact): string | undefined {
  switch (kind) {
    case "function":
    case "procedure":
    case "aggregate":
      return splitName(name).join(".");
    case "operator":
      return name.slice(0, name.lastIndexOf("("));
    case "operator class":
      return splitName(name).join(".");
    // A family often has the name of its class; only classes name it, and they are made later anyway.
    case "operator family":
    case "constraint":
    case "trigger":
    case "policy":
    case "rule":
    case "cast":
    case "setting":
    case "default privileges":
      return undefined;
    default:
      return name;
  }
}

export function indexNames(facts: Iterable<Fact>): NameIndex {
  const byName = new Map<string, Fact[]>();
  const columns: Fact[] = [];
  for (const fact of facts) {
    const name = nameInSql(fact);
    if (fact.kind === "column") columns.push(fact);
    else if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), fact]);
  }
  return { byName, columns };
}

const identifier = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const operator = String.raw`[-+*/<>=~!@#%^&|?` + "`" + String.raw`]+`;
const tokens = new RegExp(String.raw`'((?:[^']|'')*)'(::reg\w+)?|\$(\w*)\$[\s\S]*?\$\3\$|${identifier}(?:\.(?:${identifier}|${operator}))*`, "gu");

/**
 * The objects that an SQL text names, with all of their overloads. Expressions come from a server that qualified every name, so a name in the text is a name of an object;
 * texts in quotes are none, except where they are cast to an object's identity, as in `nextval('shop.numbers'::regclass)`.
 */
export function mentioned(text: string, index: NameIndex): Set<Fact> {
  const found = new Set<Fact>();
  if (index.byName.size === 0 && index.columns.length === 0) return found;
  for (const [token, literal, identity] of text.matchAll(tokens)) {
    if (identity !== undefined && literal !== undefined) for (const fact of mentioned(literal.replaceAll("''", "'"), index)) found.add(fact);
    else if (!token.startsWith("'") && !token.startsWith("$")) addPrefixes(token, index, found);
  }
  for (const column of index.columns) if (namesColumn(text, column)) found.add(column);
  return found;
}

function addPrefixes(token: string, index: NameIndex, found: Set<Fact>): void {
  const parts = token.match(new RegExp(`${identifier}|${operator}`, "gu")) ?? [];
  for (let length = 1; length <= parts.length; length++) {
    for (const fact of index.byName.get(parts.slice(0, length).join(".")) ?? []) found.add(fact);
  }
}

function namesColumn(text: string, { name, parent = "" }: Fact): boolean {
  return hasWord(text, parent) && hasWord(text, ownName(name));
}

/** Whether an identifier or qualified name stands in the text by itself. */
export function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return true;
  }
  return false;
}

function isPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_$"]/u.test(character);
}

/** Everything of an object that may name others: not its comment, its privileges, nor a body that the server does not resolve before it runs. */
export function definingText({ kind, parent, name, properties }: Fact): string {
  const texts = Object.entries(properties)
    .filter(([property]) => !ignored.has(property) && !property.startsWith("grants to "))
    .filter(([property, value]) => property !== "body" || isSqlBody(value));
  const signature = kind === "function" || kind === "procedure" || kind === "aggregate" || kind === "operator" || kind === "cast" ? [name] : [];
  return [...signature, ...(parent === undefined ? [] : [parent]), ...texts.map(([property, value]) => namingText(kind, property, value))].join("\n");
}

/** A property as SQL would name objects in it. */
export function namingText(kind: Kind, property: string, value: string): string {
  return property === "definition" && (kind === "aggregate" || kind === "type") ? jsonValues(value) : value;
}

function jsonValues(json: string): string {
  return Object.values(JSON.parse(json) as object).join("\n");
}

const ignored: ReadonlySet<string> = new Set(["comment", "owner", "labels", "server's version", "position", "options"]);

/** A body that the server parsed when the function was made, in contrast to one that it keeps as text. */
export function isSqlBody(body: string): boolean {
  return /^\s*(?:RETURN\b|BEGIN ATOMIC\b)/u.test(body);
}
