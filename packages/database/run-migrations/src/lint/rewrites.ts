import type { AlterTableCmd, ColumnDef, Constraint, Node } from "libpg-query";
import { hasOption, textOf } from "./parse-statement.ts";

/** Whether the statement writes a whole table anew. */
export function rewriteOf(node: Node): "no" | "maybe" | "yes" {
  if ("VacuumStmt" in node) return hasOption(node.VacuumStmt.options, "full") ? "yes" : "no";
  if ("ClusterStmt" in node) return "yes";
  if ("RefreshMatViewStmt" in node) return node.RefreshMatViewStmt.concurrent === true ? "no" : "yes";
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE") return "no";
  const all = (node.AlterTableStmt.cmds ?? []).map((cmd) => ("AlterTableCmd" in cmd ? rewriteBy(cmd.AlterTableCmd) : "no"));
  return all.includes("yes") ? "yes" : all.includes("maybe") ? "maybe" : "no";
}

function rewriteBy({ subtype, def }: AlterTableCmd): "no" | "maybe" | "yes" {
  if (subtype === "AT_AlterColumnType") return "maybe";
  if (subtype === "AT_SetLogged" || subtype === "AT_SetUnLogged" || subtype === "AT_SetAccessMethod" || subtype === "AT_SetTableSpace") return "yes";
  return subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def && fillsRows(def.ColumnDef) ? "yes" : "no";
}

/** Whether a new column needs a value of its own in every row. */
export function fillsRows(column: ColumnDef): boolean {
  const constraints = constraintsOf(column);
  if (isSerial(column) || constraints.some(({ contype }) => contype === "CONSTR_IDENTITY")) return true;
  if (constraints.some(({ contype, generated_kind: kind }) => contype === "CONSTR_GENERATED" && kind !== "v")) return true;
  return constraints.some(({ contype, raw_expr: value }) => contype === "CONSTR_DEFAULT" && value !== undefined && callsVolatile(value));
}

export function isSerial({ typeName }: ColumnDef): boolean {
  return /^(?:small|big)?serial[248]?$/u.test(textOf(typeName?.names?.at(-1) ?? ({} as Node)));
}

export function constraintsOf({ constraints }: Pick<ColumnDef, "constraints">): readonly Constraint[] {
  return (constraints ?? []).flatMap((each) => ("Constraint" in each ? [each.Constraint] : []));
}

// What is stable gives one value for all rows; of functions that are not known here the worst is assumed.
const stable: ReadonlySet<string> = new Set(["now", "transaction_timestamp", "statement_timestamp", "current_setting", "to_timestamp", "lower", "upper", "concat", "coalesce", "md5", "length", "jsonb_build_object", "json_build_object", "jsonb_build_array", "timezone", "make_interval", "date_trunc", "to_jsonb", "current_user"]);

function callsVolatile(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(callsVolatile);
  if (typeof node !== "object" || node === null) return false;
  if ("FuncCall" in node) {
    const { funcname, args } = node.FuncCall as { readonly funcname?: readonly Node[]; readonly args?: readonly Node[] };
    const last = funcname?.at(-1);
    if (last === undefined || !stable.has(textOf(last))) return true;
    return callsVolatile(args ?? []);
  }
  return Object.values(node).some(callsVolatile);
}
