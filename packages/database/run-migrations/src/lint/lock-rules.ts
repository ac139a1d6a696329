import { hasOption, relationName, textOf } from "./parse-statement.ts";
import { constraintsOf, fillsRows, isSerial } from "./rewrites.ts";
import { addedColumns, addedConstraints, alterations, type LintRule } from "./rule.ts";

const notValid = (what: string): string => `Add it with NOT VALID, and run VALIDATE CONSTRAINT in a later file: ${what}`;

/** Statements that hold up readers or writers for as long as a table is big. */
export const lockRules: readonly LintRule[] = [
  {
    name: "require-concurrent-index-creation",
    level: "error",
    check: ({ node, isNew }) => {
      if (!("IndexStmt" in node) || node.IndexStmt.concurrent === true || isNew(relationName(node.IndexStmt.relation))) return undefined;
      return ["building the index stops every write to the table", "Use CREATE INDEX CONCURRENTLY, in a file of its own"];
    },
  },
  {
    name: "require-concurrent-index-deletion",
    level: "warn",
    check: ({ node }) => {
      if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX" || node.DropStmt.concurrent === true) return undefined;
      return ["dropping the index waits for every reader, and all others wait behind it", "Use DROP INDEX CONCURRENTLY"];
    },
  },
  {
    name: "require-concurrent-reindex",
    level: "error",
    check: ({ node }) => {
      if (!("ReindexStmt" in node) || hasOption(node.ReindexStmt.params, "concurrently")) return undefined;
      return ["rebuilding the index stops every write to the table", "Use REINDEX ... CONCURRENTLY"];
    },
  },
  {
    name: "require-concurrent-partition-detach",
    level: "error",
    check: (statement) => {
      const isPlain = alterations(statement).some(({ subtype, def }) => subtype === "AT_DetachPartition" && def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent !== true);
      return isPlain ? ["detaching the partition stops every read of the whole table", "Use DETACH PARTITION ... CONCURRENTLY"] : undefined;
    },
  },
  {
    name: "adding-foreign-key-constraint",
    level: "error",
    check: (statement) => {
      const isChecked = addedConstraints(statement).some((each) => each.contype === "CONSTR_FOREIGN" && each.skip_validation !== true);
      const isColumn = addedColumns(statement).some((column) => constraintsOf(column).some(({ contype }) => contype === "CONSTR_FOREIGN"));
      return isChecked || isColumn ? ["the foreign key stops writes to both tables while every row is checked", notValid("that lets writes go on")] : undefined;
    },
  },
  {
    name: "constraint-missing-not-valid",
    level: "error",
    check: (statement) => {
      const isChecked = addedConstraints(statement).some((each) => each.contype === "CONSTR_CHECK" && each.skip_validation !== true);
      return isChecked ? ["every row is checked while nobody can read the table", notValid("that lets reads and writes go on")] : undefined;
    },
  },
  {
    name: "adding-not-nullable-field",
    level: "error",
    check: (statement) => {
      if (!alterations(statement).some(({ subtype }) => subtype === "AT_SetNotNull")) return undefined;
      return ["every row is looked at while nobody can read the table", "Validate CHECK (column IS NOT NULL) before it, in an earlier file: SET NOT NULL needs no look then"];
    },
  },
  {
    name: "adding-required-field",
    level: "error",
    check: (statement) => {
      const isRequired = addedColumns(statement).some((column) => {
        const kinds = constraintsOf(column).map(({ contype }) => contype);
        return kinds.includes("CONSTR_NOTNULL") && !kinds.some((kind) => kind === "CONSTR_DEFAULT" || kind === "CONSTR_IDENTITY" || kind === "CONSTR_GENERATED") && !isSerial(column);
      });
      return isRequired ? ["a column that is NOT NULL without a default cannot be added to a table with rows", "Give it a DEFAULT, or add it without NOT NULL"] : undefined;
    },
  },
  {
    name: "adding-field-with-default",
    level: "error",
    check: (statement) => {
      const fills = addedColumns(statement).some((column) => fillsRows(column));
      return fills ? ["the whole table is written anew while nobody can read it", "Add the column without the default, set it as the default after that, and fill the rows in batches"] : undefined;
    },
  },
  {
    name: "changing-column-type",
    level: "error",
    check: (statement) => {
      if (!alterations(statement).some(({ subtype }) => subtype === "AT_AlterColumnType")) return undefined;
      return ["most changes of a type write the whole table anew while nobody can read it", "Add a column of the new type, fill it in batches, and change over"];
    },
  },
  {
    name: "disallowed-unique-constraint",
    level: "error",
    check: (statement) => {
      const keys = [...addedConstraints(statement), ...addedColumns(statement).flatMap(constraintsOf)];
      const builds = keys.some(({ contype, indexname }) => (contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY") && indexname === undefined);
      return builds ? ["the index of the constraint is built while nobody can read the table", "Build it with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"] : undefined;
    },
  },
  {
    name: "adding-serial-primary-key-field",
    level: "error",
    check: (statement) => {
      const isKey = addedColumns(statement).some((column) => fillsRows(column) && constraintsOf(column).some(({ contype }) => contype === "CONSTR_PRIMARY"));
      return isKey ? ["the whole table is written anew and the index of the key is built while nobody can read it", "Add the column, fill it in batches, build a unique index CONCURRENTLY, then ADD PRIMARY KEY USING INDEX"] : undefined;
    },
  },
  {
    name: "adding-exclusion-constraint",
    level: "error",
    check: (statement) =>
      addedConstraints(statement).some(({ contype }) => contype === "CONSTR_EXCLUSION") ? ["the index of the constraint is built while nobody can read the table, and cannot be built concurrently", "Make a new table with it and move the rows over, or run it when nobody needs the table"] : undefined,
  },
  {
    name: "attaching-partition-without-check",
    level: "warn",
    check: (statement) => {
      const isUsed = alterations(statement).some(({ subtype, def }) => subtype === "AT_AttachPartition" && def !== undefined && "PartitionCmd" in def && !statement.isNew(relationName(def.PartitionCmd.name)));
      return isUsed ? ["every row of the partition is looked at while nobody can read it, unless a valid CHECK says the same as the bounds", "Add that CHECK with NOT VALID and validate it, in earlier files"] : undefined;
    },
  },
  {
    name: "rewriting-table",
    level: "error",
    check: (statement) => {
      const rewrites = alterations(statement).some(({ subtype = "AT_AddColumn" }) => /^AT_Set(?:Logged|UnLogged|AccessMethod|TableSpace)$/u.test(subtype));
      return rewrites ? ["the whole table is written anew while nobody can read it", "Move the rows to a new table in batches, or run it when nobody needs the table"] : undefined;
    },
  },
  {
    name: "prefer-repack",
    level: "error",
    check: ({ effects, node }) => {
      if (effects.rewrite !== "yes" || "AlterTableStmt" in node) return undefined;
      return ["the whole relation is written anew while nobody can read it", "Use pg_repack, or REFRESH MATERIALIZED VIEW CONCURRENTLY"];
    },
  },
  {
    name: "require-lock-timeout",
    level: "error",
    check: ({ effects, hasLockTimeout, isNew }) => {
      const strong = effects.locks.find(({ mode, relation }) => mode === "AccessExclusiveLock" && !isNew(relation));
      return strong !== undefined && !hasLockTimeout ? ["it waits for its lock without limit, and every reader waits behind it", "Leave --lock-timeout as it is, or SET lock_timeout in the file"] : undefined;
    },
  },
  {
    name: "ban-concurrent-index-creation-in-transaction",
    level: "error",
    check: ({ node, inOwnTransaction }) => {
      const isConcurrent = ("IndexStmt" in node && node.IndexStmt.concurrent === true) || ("DropStmt" in node && node.DropStmt.concurrent === true);
      return isConcurrent && inOwnTransaction ? ["CONCURRENTLY cannot run between BEGIN and COMMIT", "Leave BEGIN and COMMIT out"] : undefined;
    },
  },
  {
    name: "ban-uncommitted-transaction",
    level: "warn",
    check: ({ node }) => {
      if (!("TransactionStmt" in node) || !/^TRANS_STMT_(?:COMMIT|ROLLBACK|PREPARE)$/u.test(node.TransactionStmt.kind ?? "")) return undefined;
      return ["transaction control in the file keeps it from running in one transaction with its history row", "Leave BEGIN and COMMIT out: each file runs in a transaction anyway"];
    },
  },
  {
    name: "transaction-nesting",
    level: "error",
    check: ({ node, inOwnTransaction }) => {
      const begins = "TransactionStmt" in node && /^TRANS_STMT_(?:BEGIN|START)$/u.test(node.TransactionStmt.kind ?? "");
      return begins && inOwnTransaction ? ["a transaction is open already, so the first COMMIT ends both", "Leave the inner BEGIN and COMMIT out, or use SAVEPOINT"] : undefined;
    },
  },
  {
    name: "require-statement-timeout",
    level: "off",
    check: ({ effects, hasStatementTimeout, isNew }) => {
      const isStrong = effects.locks.some(({ mode, relation }) => mode === "AccessExclusiveLock" && !isNew(relation));
      return isStrong && !hasStatementTimeout ? ["it holds its lock for as long as it takes", "SET statement_timeout in the file"] : undefined;
    },
  },
];

/** What loses data, or breaks what is in use. */
export const harmRules: readonly LintRule[] = [
  { name: "ban-drop-table", level: "warn", check: ({ node, isNew }) => (drops(node, "OBJECT_TABLE", isNew) ? ["the table and its rows are gone for good", "Rename it first, and drop it when nobody misses it"] : undefined) },
  { name: "ban-drop-schema", level: "error", check: ({ node }) => (drops(node, "OBJECT_SCHEMA") ? ["the schema and all that is in it are gone for good", "Drop its objects one by one, in a file that can be reviewed"] : undefined) },
  { name: "ban-drop-database", level: "error", check: ({ node }) => ("DropdbStmt" in node ? ["the database is gone for good", "Do this by hand"] : undefined) },
  {
    name: "ban-drop-column",
    level: "warn",
    check: (statement) =>
      alterations(statement).some(({ subtype }) => subtype === "AT_DropColumn") ? ["the column and its values are gone for good, and clients that name it fail", "Deploy the application without it first"] : undefined,
  },
  {
    name: "ban-truncate",
    level: "error",
    check: ({ node, isNew }) => {
      const tables = "TruncateStmt" in node ? (node.TruncateStmt.relations ?? []) : [];
      return tables.some((each) => "RangeVar" in each && !isNew(relationName(each.RangeVar))) ? ["all rows are gone for good, with CASCADE those of other tables too", "Delete the rows that are meant"] : undefined;
    },
  },
  {
    name: "ban-write-without-where",
    level: "error",
    check: ({ node, isNew }) => {
      const write = "DeleteStmt" in node ? node.DeleteStmt : "UpdateStmt" in node ? node.UpdateStmt : undefined;
      if (write === undefined || write.whereClause !== undefined || isNew(relationName(write.relation))) return undefined;
      return ["every row of the table is written and locked in one transaction", "Say which rows with WHERE, and write big tables in batches"];
    },
  },
  {
    name: "renaming-column",
    level: "warn",
    check: ({ node, isNew }) =>
      "RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_COLUMN" && !isNew(relationName(node.RenameStmt.relation)) ? ["clients that know the old name fail at once", "Add the new column, and drop the old one when nobody uses it"] : undefined,
  },
  {
    name: "renaming-table",
    level: "warn",
    check: ({ node, isNew }) =>
      "RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_TABLE" && !isNew(relationName(node.RenameStmt.relation)) ? ["clients that know the old name fail at once", "Leave a view of the old name behind"] : undefined,
  },
  {
    name: "ban-drop-not-null",
    level: "off",
    check: (statement) => (alterations(statement).some(({ subtype }) => subtype === "AT_DropNotNull") ? ["clients that expect a value may read NULL", "Deploy clients that take NULL first"] : undefined),
  },
];

type StatementNode = Parameters<LintRule["check"]>[0]["node"];

function drops(node: StatementNode, kind: string, isNew: (relation: string) => boolean = () => false): boolean {
  if (!("DropStmt" in node) || node.DropStmt.removeType !== kind) return false;
  const names = (node.DropStmt.objects ?? []).map((each) => ("List" in each ? (each.List.items ?? []).map(textOf).join(".") : textOf(each)));
  return names.some((name) => !isNew(name));
}
