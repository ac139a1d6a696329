import type { LockMode } from "../lint/effects.ts";
import type { MigrationFailure } from "../migration-error.ts";

/** What the pending files did in a scratch copy of the schema, whose tables are empty. */
export interface Rehearsal {
  readonly files: readonly RehearsedFile[];
  /** Where it stopped; null when it came to its end. */
  readonly failure: MigrationFailure | null;
}

export interface RehearsedFile {
  readonly version: string;
  readonly file: string;
  /** On empty tables: what depends on the rows takes longer on the live ones. */
  readonly durationMs: number;
  readonly statements: readonly RehearsedStatement[];
}

export interface RehearsedStatement {
  readonly line: number;
  /** Its first line, shortened. */
  readonly text: string;
  readonly durationMs: number;
  /** Left out, because it reaches beyond the database: roles and other databases are shared with the live one. */
  readonly isLeftOut: boolean;
  /** On relations of the live database; those that the statement took or made stronger. In a transaction they last until its end. */
  readonly locks: readonly RehearsedLock[];
  /** The tables and materialised views that were written anew. */
  readonly rewrites: readonly string[];
  /** The tables of which every row was read. */
  readonly scans: readonly string[];
}

export interface RehearsedLock extends RelationSize {
  /** With its schema. */
  readonly relation: string;
  readonly mode: LockMode;
  readonly blocks: "reads and writes" | "writes" | "schema changes" | "nothing";
}

/** Of the live relation, as the server estimates it; null where it does not know. */
export interface RelationSize {
  readonly rows: number | null;
  readonly bytes: number | null;
}

/** What others cannot do while somebody holds the lock. */
export function blockedBy(mode: LockMode): RehearsedLock["blocks"] {
  if (mode === "AccessExclusiveLock") return "reads and writes";
  if (mode === "ExclusiveLock" || mode === "ShareRowExclusiveLock" || mode === "ShareLock") return "writes";
  return mode === "ShareUpdateExclusiveLock" ? "schema changes" : "nothing";
}
