import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import { optionsOf } from "@org/postgres/schema";

const identifier = String.raw`"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*`;
const parts = new RegExp(identifier, "guy");

/** The identifiers of a qualified name, as SQL writes them; what follows them, such as the arguments of a function, is left out. */
export function splitName(name: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; ; at++) {
    parts.lastIndex = at;
    const part = parts.exec(name)?.[0];
    if (part === undefined) return found;
    found.push(part);
    at += part.length;
    if (name[at] !== ".") return found;
  }
}

/** The last identifier of a qualified name. */
export function ownName(name: string): string {
  return splitName(name).at(-1) ?? name;
}

/** The name itself, as catalogs and functions take it. */
export function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** The name without the arguments of a function. */
export function withoutArguments(name: string): string {
  return splitName(name).join(".");
}

/** A role as GRANT takes it; facts hold its plain name, and `public` for everybody. */
export function role(name: string): string {
  return name === "public" ? "PUBLIC" : quoteIdentifier(name);
}

/** `SET (...)` and `RESET (...)` clauses that lead from some storage parameters to others. */
export function setAndReset(from: string | null, to: string | null, prefix = ""): readonly string[] {
  const [before, after] = [optionsOf(from), optionsOf(to)];
  const set = [...after].filter(([name, value]) => before.get(name) !== value).map(([name, value]) => `${prefix}${name} = ${quoteLiteral(value).trim()}`);
  const reset = [...before.keys()].filter((name) => !after.has(name)).map((name) => `${prefix}${name}`);
  return [...(reset.length === 0 ? [] : [`RESET (${reset.join(", ")})`]), ...(set.length === 0 ? [] : [`SET (${set.join(", ")})`])];
}

/** The storage parameters as WITH takes them; empty when there are none. */
export function withClause(list: string | undefined, prefix = ""): readonly string[] {
  return [...optionsOf(list)].map(([name, value]) => `${prefix}${name} = ${quoteLiteral(value).trim()}`);
}

/** A secret is told as its digest, which no statement can set. */
export function holdsDigest(list: string | null | undefined): boolean {
  return [...optionsOf(list).values(), list ?? ""].some((value) => /^md5:[0-9a-f]{32}$/u.test(value));
}

/** An `OPTIONS (...)` clause that leads from some options of foreign data to others; none when nothing changes. */
export function foreignOptions(from: string | null | undefined, to: string | null | undefined, making = false): string {
  const [before, after] = [optionsOf(from), optionsOf(to)];
  const set = [...after].filter(([name, value]) => before.get(name) !== value).map(([name, value]) => {
    const verb = making ? "" : before.has(name) ? "SET " : "ADD ";
    return `${verb}${quoteIdentifier(name)} ${quoteLiteral(value).trim()}`;
  });
  const gone = [...before.keys()].filter((name) => !after.has(name)).map((name) => `DROP ${quoteIdentifier(name)}`);
  const items = [...gone, ...set];
  return items.length === 0 ? "" : ` OPTIONS (${items.join(", ")})`;
}
