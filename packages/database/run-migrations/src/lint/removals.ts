import { locate, splitStatements } from "@org/postgres";
import type { AlterTableStmt, DropStmt, Node, RangeVar, RenameStmt, TypeName } from "libpg-query";
import { parseStatement, textOf } from "./parse-statement.ts";
import { shorten } from "./shorten.ts";

/** A relation, type or function as it is written: without a schema where the search path decides. */
export interface WrittenName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** What a statement takes away, or what must be known to find it. */
export type Removal =
  | { readonly kind: "table"; readonly table: WrittenName }
  /** With everything in it. */
  | { readonly kind: "schema" | "extension"; readonly name: string }
  /** With the columns of that type. */
  | { readonly kind: "type"; readonly type: WrittenName }
  | { readonly kind: "column"; readonly table: WrittenName; readonly column: string }
  /** The values of a column are changed to a type; `type` is undefined where an expression or a length may cut them. */
  | { readonly kind: "conversion"; readonly table: WrittenName; readonly column: string; readonly type: string | undefined }
  /** All rows, and with `cascade` those of the tables that refer to it. */
  | { readonly kind: "truncation"; readonly table: WrittenName; readonly cascade: boolean }
  /** Rows of the table, as many as the statement finds; all where it names no condition. */
  | { readonly kind: "deletion"; readonly table: WrittenName; readonly all: boolean }
  | { readonly kind: "rename"; readonly table: WrittenName; readonly to: WrittenName }
  | { readonly kind: "column-rename"; readonly table: WrittenName; readonly column: string; readonly to: string }
  /** Whose effects are unknown unless they are the server's own. */
  | { readonly kind: "call"; readonly function: WrittenName }
  /** The schemas that names without one are looked for in from here on; undefined for those of the session. */
  | { readonly kind: "search-path"; readonly schemas: readonly string[] | undefined }
  /** Only running it would tell. */
  | { readonly kind: "unseen" };

export interface StatementRemovals {
  /** Counted from 1. */
  readonly line: number;
  /** Its first line, shortened. */
  readonly text: string;
  readonly sql: string;
  readonly removals: readonly Removal[];
}

/** What each statement of a text takes away, as far as Postgres' own grammar tells; statements that take away nothing are left out. */
export async function removalsOf(sql: string): Promise<readonly StatementRemovals[]> {
  const found: StatementRemovals[] = [];
  for (const { text, start } of splitStatements(sql).statements) {
    const parsed = await parseStatement(text);
    const removals = "node" in parsed ? [...ofCalls(parsed.node), ...within(parsed.node)] : [{ kind: "unseen" } as const];
    if (removals.length > 0) found.push({ line: locate(sql, start).line, text: shorten(text), sql: text, removals });
  }
  return found;
}

/** A statement may hide in another, such as a DELETE in a WITH. What only defines something runs nothing. */
function within(node: Node): readonly Removal[] {
  if (Object.keys(node).some((name) => definitions.has(name))) return [];
  const own = ofTables(node) ?? ofRows(node) ?? ofOthers(node) ?? [];
  return [...own, ...Object.values(node).flatMap(inner)];
}

const definitions: ReadonlySet<string> = new Set(["CreateFunctionStmt", "RuleStmt", "ViewStmt", "CreateTrigStmt"]);

function inner(value: unknown): readonly Removal[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => (/^[A-Z]/u.test(name) ? within({ [name]: child } as unknown as Node) : inner(child)));
}

function ofTables(node: Node): readonly Removal[] | undefined {
  if ("DropStmt" in node) return ofDrop(node.DropStmt);
  if ("AlterTableStmt" in node) return ofAlter(node.AlterTableStmt);
  if ("RenameStmt" in node) return ofRename(node.RenameStmt);
  if (!("AlterObjectSchemaStmt" in node) || node.AlterObjectSchemaStmt.objectType !== "OBJECT_TABLE") return undefined;
  const { relation, newschema } = node.AlterObjectSchemaStmt;
  const table = relationOf(relation);
  return [{ kind: "rename", table, to: { ...table, schema: newschema } }];
}

function ofDrop({ removeType, objects = [], behavior }: DropStmt): readonly Removal[] {
  const cascades = behavior === "DROP_CASCADE";
  if (removeType === "OBJECT_TABLE") return objects.map((each) => ({ kind: "table", table: nameOf(each) }));
  if (removeType === "OBJECT_EXTENSION") return objects.map((each) => ({ kind: "extension", name: textOf(each) }));
  if (!cascades) return [];
  if (removeType === "OBJECT_SCHEMA") return objects.map((each) => ({ kind: "schema", name: textOf(each) }));
  return removeType === "OBJECT_TYPE" || removeType === "OBJECT_DOMAIN" ? objects.map((each) => ({ kind: "type", type: nameOf(each) })) : [];
}

function ofAlter({ relation, cmds = [], objtype }: AlterTableStmt): readonly Removal[] {
  const table = relationOf(relation);
  return cmds.flatMap((each): Removal[] => {
    if (!("AlterTableCmd" in each)) return [];
    const { subtype, name: column = "", def } = each.AlterTableCmd;
    // An attribute of a composite type goes with the values of every column of the type.
    if (subtype === "AT_DropColumn") return [objtype === "OBJECT_TYPE" ? { kind: "unseen" } : { kind: "column", table, column }];
    if (subtype !== "AT_AlterColumnType" || def === undefined || !("ColumnDef" in def)) return [];
    const { typeName, raw_default: expression } = def.ColumnDef;
    return [{ kind: "conversion", table, column, type: expression === undefined ? plainType(typeName) : undefined }];
  });
}

/** The type as SQL; undefined where it has a length or a precision. */
function plainType({ names = [], typmods, arrayBounds = [] }: TypeName = {}): string | undefined {
  if (typmods !== undefined) return undefined;
  const quoted = names.map((each) => `"${textOf(each).replaceAll('"', '""')}"`).join(".");
  return quoted + "[]".repeat(arrayBounds.length);
}

function ofRename({ renameType, relationType, relation, subname = "", newname = "" }: RenameStmt): readonly Removal[] {
  const table = relationOf(relation);
  if (renameType === "OBJECT_TABLE") return [{ kind: "rename", table, to: { ...table, name: newname } }];
  if (renameType === "OBJECT_COLUMN" && relationType === "OBJECT_TABLE") return [{ kind: "column-rename", table, column: subname, to: newname }];
  return renameType === "OBJECT_SCHEMA" ? [{ kind: "unseen" }] : [];
}

function ofRows(node: Node): readonly Removal[] | undefined {
  if ("TruncateStmt" in node) {
    const { relations = [], behavior } = node.TruncateStmt;
    return relations.flatMap((each) => ("RangeVar" in each ? [{ kind: "truncation" as const, table: relationOf(each.RangeVar), cascade: behavior === "DROP_CASCADE" }] : []));
  }
  if ("DeleteStmt" in node) {
    const { relation, whereClause, usingClause } = node.DeleteStmt;
    return [{ kind: "deletion", table: relationOf(relation), all: whereClause === undefined && usingClause === undefined }];
  }
  if (!("MergeStmt" in node)) return undefined;
  const { relation, mergeWhenClauses = [] } = node.MergeStmt;
  const deletes = mergeWhenClauses.some((each) => "MergeWhenClause" in each && each.MergeWhenClause.commandType === "CMD_DELETE");
  return deletes ? [{ kind: "deletion", table: relationOf(relation), all: false }] : [];
}

const unseen: readonly string[] = ["DoStmt", "CallStmt", "ExecuteStmt", "DropOwnedStmt", "DropdbStmt"];

function ofOthers(node: Node): readonly Removal[] | undefined {
  if (unseen.some((name) => name in node)) return [{ kind: "unseen" }];
  if (!("VariableSetStmt" in node) || node.VariableSetStmt.name !== "search_path") return undefined;
  const { args } = node.VariableSetStmt;
  return [{ kind: "search-path", schemas: args?.flatMap((each) => ("A_Const" in each ? [each.A_Const.sval?.sval ?? ""] : [])) }];
}

/** A query calls functions for what they do; in other statements they give values. */
function ofCalls(node: Node): readonly Removal[] {
  return "SelectStmt" in node ? callsIn(node) : [];
}

function callsIn(value: unknown): readonly Removal[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]): readonly Removal[] => {
    const own: readonly Removal[] = name === "FuncCall" ? [{ kind: "call", function: fromParts((child as { funcname?: Node[] }).funcname) }] : [];
    return [...own, ...callsIn(child)];
  });
}

function relationOf({ schemaname, relname = "" }: RangeVar = {}): WrittenName {
  return { schema: schemaname, name: relname };
}

function nameOf(node: Node): WrittenName {
  if ("TypeName" in node) return fromParts(node.TypeName.names);
  return fromParts("List" in node ? node.List.items : [node]);
}

function fromParts(parts: readonly Node[] = []): WrittenName {
  const [name = "", schema] = parts.map(textOf).toReversed();
  return { schema, name };
}
