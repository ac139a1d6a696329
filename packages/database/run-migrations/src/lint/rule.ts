import type { AlterTableCmd, ColumnDef, Constraint, Node } from "libpg-query";
import type { StatementEffects } from "./effects.ts";
import { relationName } from "./parse-statement.ts";

export const lintLevels = ["off", "warn", "error"] as const;
export type LintLevel = (typeof lintLevels)[number];

/** A statement as the rules see it. */
export interface LintedStatement {
  readonly node: Node;
  readonly text: string;
  readonly effects: StatementEffects;
  /** Whether the pending files make the relation, so that it is empty and nobody uses it. */
  readonly isNew: (relation: string) => boolean;
  /** Between BEGIN and COMMIT of the file. */
  readonly inOwnTransaction: boolean;
  /** Whether the file and its history row are one transaction. */
  readonly fileInTransaction: boolean;
  /** Whether something ends its waiting for a lock. */
  readonly hasLockTimeout: boolean;
  /** Whether the file ends it when it takes too long. */
  readonly hasStatementTimeout: boolean;
}

/** One way in which a migration does harm. */
export interface LintRule {
  readonly name: string;
  readonly level: LintLevel;
  /** What is wrong and what to do instead, each a sentence without its full stop; undefined where nothing is. */
  readonly check: (statement: LintedStatement) => readonly [problem: string, hint: string] | undefined;
}

/** The commands of an ALTER TABLE on a table that is in use already. */
export function alterations({ node, isNew }: LintedStatement): readonly AlterTableCmd[] {
  if (!("AlterTableStmt" in node) || isNew(relationName(node.AlterTableStmt.relation))) return [];
  return (node.AlterTableStmt.cmds ?? []).flatMap((cmd) => ("AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : []));
}

export function addedColumns(statement: LintedStatement): readonly ColumnDef[] {
  return alterations(statement).flatMap(({ subtype, def }) => (subtype === "AT_AddColumn" && def !== undefined && "ColumnDef" in def ? [def.ColumnDef] : []));
}

export function addedConstraints(statement: LintedStatement): readonly Constraint[] {
  return alterations(statement).flatMap(({ subtype, def }) => (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def ? [def.Constraint] : []));
}

/** The columns that the statement defines, of new tables too. */
export function definedColumns(statement: LintedStatement): readonly ColumnDef[] {
  const { node } = statement;
  if (!("CreateStmt" in node)) return addedColumns(statement);
  return (node.CreateStmt.tableElts ?? []).flatMap((each) => ("ColumnDef" in each ? [each.ColumnDef] : []));
}
