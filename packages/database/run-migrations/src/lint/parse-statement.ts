import type { Node, RangeVar } from "libpg-query";

/** What Postgres' own grammar makes of one statement. */
export type ParsedStatement = { readonly node: Node } | { readonly syntaxError: string; readonly offset: number };

/** Loads the parser at the first call, which takes about 30 ms. */
export async function parseStatement(text: string): Promise<ParsedStatement> {
  const { hasSqlDetails, parse } = await import("libpg-query");
  try {
    const { stmts } = await parse(text);
    const node = stmts?.[0]?.stmt;
    return node === undefined ? { syntaxError: "there is no statement", offset: 0 } : { node };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    return { syntaxError: (error as Error).message, offset: error.sqlDetails?.cursorPosition ?? 0 };
  }
}

/** The name as it is written without a search path: `schema.name`, or `name`. */
export function relationName(relation: RangeVar | undefined): string {
  const { schemaname, relname = "" } = relation ?? {};
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}

/** The dotted name in a list of strings, as DROP and others have it. */
export function listedName(node: Node | undefined): string {
  if (node === undefined || !("List" in node)) return "";
  return (node.List.items ?? []).map(textOf).join(".");
}

export function textOf(node: Node): string {
  return "String" in node ? (node.String.sval ?? "") : "";
}

/** The option of that name in a list of them, such as VACUUM (FULL). */
export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => "DefElem" in option && option.DefElem.defname === name && !isOff(option.DefElem.arg));
}

function isOff(arg: Node | undefined): boolean {
  if (arg === undefined) return false;
  const text = textOf(arg).toLowerCase();
  return text === "off" || text === "false" || ("Boolean" in arg && arg.Boolean.boolval !== true);
}
