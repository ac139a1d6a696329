import { ScriptError } from "@org/exit-codes";
import type { Reading } from "@org/postgres/schema";
import type { ValidateSettings } from "../settings.ts";

/** What says how the schema should be. */
export interface Expected {
  readonly reading: Reading;
  /** Roles of it that stand for live ones, beside those of the role map. */
  readonly standIns: (live: Reading) => Readonly<Record<string, string>>;
  /** What of the live side nobody can tell where roles stand for others. */
  readonly comparable: (reading: Reading) => Reading;
}

export type SourceKind = "migrations" | "database" | "snapshot";

const namedBy = { database: "--against", snapshot: "--snapshot" } as const;

/** What the settings ask to compare with. Throws a ScriptError (configuration) where they ask for two. */
export function chooseSource({ against, snapshot, shadowUrl }: Pick<ValidateSettings, "against" | "snapshot" | "shadowUrl">): SourceKind {
  if (against !== undefined && snapshot !== undefined) {
    throw new ScriptError("configuration", `${namedBy.database} and ${namedBy.snapshot} both say what to compare with`, { hint: "Name one of them." });
  }
  const kind = against !== undefined ? "database" : snapshot !== undefined ? "snapshot" : "migrations";
  if (kind !== "migrations" && shadowUrl !== undefined) {
    throw new ScriptError("configuration", `--shadow-url is where migrations are replayed, and ${namedBy[kind]} compares with something else`, { hint: "Leave one of them out." });
  }
  return kind;
}

/** As titles and reports name it. */
export const sourceNames: Readonly<Record<SourceKind, string>> = { migrations: "the migrations", database: "the other database", snapshot: "the snapshot" };
