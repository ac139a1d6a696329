import type { Difference, Unknown } from "@org/postgres/schema";
import type { MigrationFacts, MigrationFailure } from "@org/script";

/** What rollback-migrations reports: the data of `migration_status.json`. */
export interface RollbackStatus extends MigrationFacts {
  /** What was asked for; `dry-run` and `verify` rolled back nothing. */
  readonly action: "rollback" | "verify" | "dry-run";
  /** What was to be rolled back, the newest first, with what is lost; null when it only verifies. */
  readonly plan: readonly PlannedRollback[] | null;
  /** Rolled back by this run, in this order. */
  readonly rolledBackNow: readonly RolledBackMigration[];
  /** The repeatable files of which a rollback took something along, in the order in which this run applied them again or tried to. */
  readonly repeatedNow: readonly RepeatedFile[];
  /** What the ways back are worth, in the order of the versions; null unless it verifies. */
  readonly roundTrips: readonly RoundTrip[] | null;
}

/** One applied migration that is to be rolled back. */
export interface PlannedRollback {
  readonly version: string;
  readonly name: string;
  /** The file of the way back; null where there is none. */
  readonly file: string | null;
  /** `record`: nothing is executed, the history says that it is not applied any more. `refuse`: it cannot be rolled back, for the reason given. */
  readonly way: "execute" | "record" | "refuse";
  /** Why it is recorded or refused. */
  readonly reason: string | null;
  /** Whether the file and its history row are one transaction. */
  readonly inTransaction: boolean;
  /** What its way back takes away of what is there now. */
  readonly losses: readonly Loss[];
  /** What repeatable files made and its way back may take along, as far as its text and the server's dependencies tell. */
  readonly takesAlong: readonly TakenAlong[];
}

/** Something that a repeatable file made. */
export interface TakenAlong {
  /** The repeatable file. */
  readonly file: string;
  /** As the server calls it, such as "view v". */
  readonly object: string;
}

/** What a way back takes away of what is in the database now. */
export interface Loss extends RowCount {
  /** `values`: a column stays, and another type may cut what it holds. `unseen`: what the statement does cannot be told from its text. */
  readonly kind: "table" | "column" | "rows" | "values" | "unseen";
  /** Its qualified name; for what is unseen, the statement. */
  readonly object: string;
  /** Of the statement in the file, counted from 1. */
  readonly line: number;
}

/** How many rows or values; null where nobody can tell without running it. */
export interface RowCount {
  readonly rows: number | null;
  /** Counted; else it is what the server's statistics say. */
  readonly exact: boolean;
}

/** A migration that is not applied any more. */
export interface RolledBackMigration {
  readonly version: string;
  readonly name: string;
  /** The file that ran; null where nothing was executed. */
  readonly file: string | null;
  readonly durationMs: number;
  /** Whether the file and its history row were one transaction. */
  readonly inTransaction: boolean;
}

/** A repeatable file of which a rollback took something along. */
export interface RepeatedFile {
  readonly name: string;
  readonly file: string;
  /** Why it is not applied again; null when it is. */
  readonly reason: string | null;
}

/** What came of applying a migration, rolling it back and applying it again. */
export interface RoundTrip {
  readonly version: string;
  readonly name: string;
  readonly file: string;
  /** The way back; null where there is none. */
  readonly downFile: string | null;
  /**
   * `same`: the schema is the one from before. `differs`: it is not. `failed`: the way back does not run. `not-again`: it cannot be applied
   * again after its way back, or makes something else then. `no-way-back`: there is no file. `unknown`: a part of the schema could not be read.
   */
  readonly outcome: "same" | "differs" | "failed" | "not-again" | "no-way-back" | "unknown";
  /** Object by object: expected is the schema before, found the one after the way back. */
  readonly differences: readonly Difference[];
  /** What the role may not read, so that nobody knows whether it differs. */
  readonly unread: readonly Unknown[];
  readonly failure: MigrationFailure | null;
}
