import type { AlterTableCmd, AlterTableStmt, CreateStmt, DropStmt, Node, RenameStmt } from "libpg-query";
import { rewriteOf } from "./rewrites.ts";
import { hasOption, listedName, relationName } from "./parse-statement.ts";

/** The table locks of Postgres, the weakest first, as pg_locks names them. */
export const lockModes = [
  "AccessShareLock",
  "RowShareLock",
  "RowExclusiveLock",
  "ShareUpdateExclusiveLock",
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
] as const;
export type LockMode = (typeof lockModes)[number];

/** A lock that a statement takes on a relation that is there before it. */
export interface RelationLock {
  readonly relation: string;
  readonly mode: LockMode;
}

/** What a statement does to others while it runs. */
export interface StatementEffects {
  readonly locks: readonly RelationLock[];
  /** Whether the whole table is written anew; `maybe` where that depends on the types. */
  readonly rewrite: "no" | "maybe" | "yes";
  /** The relations that it makes. */
  readonly creates: readonly string[];
}

/** The effects as far as the text tells them. */
export function effectsOf(node: Node): StatementEffects {
  return { locks: locksOf(node), rewrite: rewriteOf(node), creates: createdBy(node) };
}

function createdBy(node: Node): readonly string[] {
  if ("CreateStmt" in node) return [relationName(node.CreateStmt.relation)];
  if ("CreateTableAsStmt" in node) return [relationName(node.CreateTableAsStmt.into?.rel)];
  return "RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_TABLE" ? [node.RenameStmt.newname ?? ""] : [];
}

function locksOf(node: Node): readonly RelationLock[] {
  return locksOfTables(node) ?? locksOfIndexes(node) ?? locksOfRows(node) ?? locksOfObjects(node) ?? [];
}

const one = (relation: string, mode: LockMode): RelationLock[] => [{ relation, mode }];

function locksOfTables(node: Node): readonly RelationLock[] | undefined {
  if ("CreateStmt" in node) return creationLocks(node.CreateStmt);
  if ("AlterTableStmt" in node) return alterLocks(node.AlterTableStmt);
  if ("RenameStmt" in node) return renameLocks(node.RenameStmt);
  if ("DropStmt" in node) return dropLocks(node.DropStmt);
  if ("TruncateStmt" in node) return (node.TruncateStmt.relations ?? []).flatMap((each) => ("RangeVar" in each ? one(relationName(each.RangeVar), "AccessExclusiveLock") : []));
  if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.relation !== undefined) return one(relationName(node.AlterObjectSchemaStmt.relation), "AccessExclusiveLock");
  if (!("LockStmt" in node)) return undefined;
  const mode = lockModes[(node.LockStmt.mode ?? 8) - 1] ?? "AccessExclusiveLock";
  return (node.LockStmt.relations ?? []).flatMap((each) => ("RangeVar" in each ? one(relationName(each.RangeVar), mode) : []));
}

function creationLocks({ partbound, inhRelations, tableElts, constraints }: CreateStmt): readonly RelationLock[] {
  const parentMode = partbound === undefined ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock";
  const parents = (inhRelations ?? []).flatMap((each) => ("RangeVar" in each ? one(relationName(each.RangeVar), parentMode) : []));
  return [...parents, ...[...(tableElts ?? []), ...(constraints ?? [])].flatMap(referencedLocks)];
}

/** A foreign key needs triggers on the table that it points to. */
function referencedLocks(element: Node): readonly RelationLock[] {
  if ("ColumnDef" in element) return (element.ColumnDef.constraints ?? []).flatMap(referencedLocks);
  if (!("Constraint" in element) || element.Constraint.contype !== "CONSTR_FOREIGN") return [];
  return one(relationName(element.Constraint.pktable), "ShareRowExclusiveLock");
}

function alterLocks({ relation, cmds }: AlterTableStmt): readonly RelationLock[] {
  const commands = (cmds ?? []).flatMap((cmd) => ("AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : []));
  const strongest = commands.map(alterMode).toSorted((a, b) => lockModes.indexOf(b) - lockModes.indexOf(a))[0] ?? "AccessExclusiveLock";
  return [...one(relationName(relation), strongest), ...commands.flatMap(otherLocks)];
}

const modestAlterations: Readonly<Partial<Record<NonNullable<AlterTableCmd["subtype"]>, LockMode>>> = {
  AT_SetStatistics: "ShareUpdateExclusiveLock",
  AT_SetOptions: "ShareUpdateExclusiveLock",
  AT_ResetOptions: "ShareUpdateExclusiveLock",
  AT_ClusterOn: "ShareUpdateExclusiveLock",
  AT_DropCluster: "ShareUpdateExclusiveLock",
  AT_SetRelOptions: "ShareUpdateExclusiveLock",
  AT_ResetRelOptions: "ShareUpdateExclusiveLock",
  AT_ValidateConstraint: "ShareUpdateExclusiveLock",
  AT_AttachPartition: "ShareUpdateExclusiveLock",
  AT_DetachPartitionFinalize: "ShareUpdateExclusiveLock",
  AT_EnableTrig: "ShareRowExclusiveLock",
  AT_EnableAlwaysTrig: "ShareRowExclusiveLock",
  AT_EnableReplicaTrig: "ShareRowExclusiveLock",
  AT_EnableTrigAll: "ShareRowExclusiveLock",
  AT_EnableTrigUser: "ShareRowExclusiveLock",
  AT_DisableTrig: "ShareRowExclusiveLock",
  AT_DisableTrigAll: "ShareRowExclusiveLock",
  AT_DisableTrigUser: "ShareRowExclusiveLock",
};

function alterMode({ subtype = "AT_AddColumn", def }: AlterTableCmd): LockMode {
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def && def.Constraint.contype === "CONSTR_FOREIGN") return "ShareRowExclusiveLock";
  if (subtype === "AT_DetachPartition" && def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true) return "ShareUpdateExclusiveLock";
  return modestAlterations[subtype] ?? "AccessExclusiveLock";
}

function otherLocks({ subtype, def }: AlterTableCmd): readonly RelationLock[] {
  if (def === undefined) return [];
  if ("PartitionCmd" in def) return subtype === "AT_DetachPartitionFinalize" ? [] : one(relationName(def.PartitionCmd.name), "AccessExclusiveLock");
  return referencedLocks(def);
}

function renameLocks({ renameType, relation }: RenameStmt): readonly RelationLock[] {
  if (relation === undefined) return [];
  return one(relationName(relation), renameType === "OBJECT_INDEX" ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock");
}

const relationKinds: ReadonlySet<string> = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"]);
const partKinds: ReadonlySet<string> = new Set(["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"]);

function dropLocks({ removeType = "OBJECT_TABLE", objects, concurrent }: DropStmt): readonly RelationLock[] {
  const mode = concurrent === true ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock";
  if (relationKinds.has(removeType)) return (objects ?? []).flatMap((each) => one(listedName(each), mode));
  // These are named behind their table.
  return partKinds.has(removeType) ? (objects ?? []).flatMap((each) => one(listedName(each).split(".").slice(0, -1).join("."), mode)) : [];
}

function locksOfIndexes(node: Node): readonly RelationLock[] | undefined {
  if ("IndexStmt" in node) return one(relationName(node.IndexStmt.relation), node.IndexStmt.concurrent === true ? "ShareUpdateExclusiveLock" : "ShareLock");
  if ("ReindexStmt" in node) {
    const { relation, params, kind } = node.ReindexStmt;
    if (hasOption(params, "concurrently")) return one(relationName(relation), "ShareUpdateExclusiveLock");
    return relation === undefined ? [] : one(relationName(relation), kind === "REINDEX_OBJECT_INDEX" ? "AccessExclusiveLock" : "ShareLock");
  }
  if ("VacuumStmt" in node) {
    const mode = hasOption(node.VacuumStmt.options, "full") ? "AccessExclusiveLock" : "ShareUpdateExclusiveLock";
    return (node.VacuumStmt.rels ?? []).flatMap((each) => ("VacuumRelation" in each ? one(relationName(each.VacuumRelation.relation), mode) : []));
  }
  if ("ClusterStmt" in node) return node.ClusterStmt.relation === undefined ? [] : one(relationName(node.ClusterStmt.relation), "AccessExclusiveLock");
  if (!("RefreshMatViewStmt" in node)) return undefined;
  return one(relationName(node.RefreshMatViewStmt.relation), node.RefreshMatViewStmt.concurrent === true ? "ExclusiveLock" : "AccessExclusiveLock");
}

function locksOfRows(node: Node): readonly RelationLock[] | undefined {
  if ("InsertStmt" in node) return one(relationName(node.InsertStmt.relation), "RowExclusiveLock");
  if ("UpdateStmt" in node) return one(relationName(node.UpdateStmt.relation), "RowExclusiveLock");
  if ("DeleteStmt" in node) return one(relationName(node.DeleteStmt.relation), "RowExclusiveLock");
  return "MergeStmt" in node ? one(relationName(node.MergeStmt.relation), "RowExclusiveLock") : undefined;
}

function locksOfObjects(node: Node): readonly RelationLock[] | undefined {
  if ("CreateTrigStmt" in node) return one(relationName(node.CreateTrigStmt.relation), "ShareRowExclusiveLock");
  if ("CreatePolicyStmt" in node) return one(relationName(node.CreatePolicyStmt.table), "AccessExclusiveLock");
  if ("AlterPolicyStmt" in node) return one(relationName(node.AlterPolicyStmt.table), "AccessExclusiveLock");
  if ("RuleStmt" in node) return one(relationName(node.RuleStmt.relation), "AccessExclusiveLock");
  if (!("CommentStmt" in node)) return undefined;
  const { objtype, object } = node.CommentStmt;
  return objtype === "OBJECT_TABLE" ? one(listedName(object), "ShareUpdateExclusiveLock") : [];
}
