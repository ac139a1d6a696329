import type { Report } from "./report.ts";

/** How the files of a collection are named. */
export const migrationLayouts = ["files", "pairs", "folders", "folder-pairs", "sections", "flyway"] as const;
export type MigrationLayout = (typeof migrationLayouts)[number];

/**
 * applied and pending are in order, and failed is pending with an attempt that did not end well; changed and missing ones were applied from a text that
 * is not there any more.
 */
export type MigrationStateName = "applied" | "pending" | "failed" | "changed" | "missing";

/** One migration, as the files and the history tell it together. */
export interface MigrationState {
  readonly version: string;
  readonly name: string;
  /** Relative to the directory; null when the file is missing. */
  readonly file: string | null;
  readonly state: MigrationStateName;
  /** Pending although a later version is applied. */
  readonly outOfOrder: boolean;
  /** ISO 8601 in UTC. */
  readonly appliedAt: string | null;
  readonly appliedBy: string | null;
  readonly durationMs: number | null;
  readonly runId: string | null;
  /** Why the latest attempt at a failed migration, or the latest rollback of an applied one, did not end well. */
  readonly lastError: string | null;
  /** Where the next attempt at a failed one, or at the rollback of an applied one, goes on, when a part of it is done; null when it begins anew. */
  readonly resumesAt: ResumePoint | null;
}

/** A statement of a file that runs outside a transaction. */
export interface ResumePoint {
  /** Counted from 1. */
  readonly statement: number;
  readonly of: number;
  /** Its line in the file, counted from 1; null when all statements are done and only the record of it is missing. */
  readonly line: number | null;
}

/** Where and why a migration failed. */
export interface MigrationFailure {
  readonly version: string;
  readonly file: string;
  /** SQLSTATE; null when it was not the server that refused. */
  readonly sqlState: string | null;
  readonly message: string;
  readonly detail: string | null;
  /** Counted from 1; null when the failure came with the commit. */
  readonly line: number | null;
  readonly column: number | null;
  /** The line and, below it, a caret under the column. */
  readonly excerpt: string | null;
  /** Whether everything that the file did was undone. */
  readonly rolledBack: boolean;
}

/** What every script that writes `migration_status.json` tells of the migrations. */
export interface MigrationFacts {
  readonly directory: string;
  readonly layout: MigrationLayout;
  readonly stateSchema: string;
  readonly counts: Readonly<Record<MigrationStateName, number>>;
  /** Why this run stopped; null when it did not. */
  readonly failure: MigrationFailure | null;
  readonly migrations: readonly MigrationState[];
}

/** `migration_status.json`: the latest report of a script that works on the migrations. */
export interface MigrationStatusReport extends Report<MigrationFacts> {
  readonly script: "run-migrations" | "rollback-migrations";
  /** Null when the run ended before it knew them. Each script tells more than this. */
  readonly data: MigrationFacts | null;
}
