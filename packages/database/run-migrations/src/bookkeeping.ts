import { ScriptError } from "@org/exit-codes";
import { withTransaction, type PostgresClient } from "@org/postgres";
import type { AdoptedVersion } from "./adopt.ts";
import { insertAttempt, type HistoryTarget } from "./history.ts";
import { compareVersions, normaliseVersion } from "./layouts.ts";
import { isPending, type MigrationState } from "./migration-state.ts";
import { printable } from "./printable.ts";
import type { MigrationCollection } from "./read-migrations.ts";
import { parseVersion } from "./select-pending.ts";

/** A row of the history that tells what is so without anything being executed. */
export interface RecordedChange {
  readonly version: string;
  readonly name: string;
  /** `accepted`: the file as it is now counts as applied; `applied` and `reverted`: what was done by other means. */
  readonly change: "accepted" | "applied" | "reverted";
  /** Of the file; null when there is none. */
  readonly checksum: string | null;
  /** ISO 8601; null for now. */
  readonly appliedAt: string | null;
}

export interface BookkeepingRequest {
  readonly collection: MigrationCollection;
  readonly states: readonly MigrationState[];
}

export interface RepairRequest extends BookkeepingRequest {
  /** Versions, or `all`. */
  readonly accept: readonly string[];
  readonly markApplied: readonly string[];
  readonly markReverted: readonly string[];
}

/** What a repair records. Throws a ScriptError (configuration) for a version that is not in the state which its change needs. */
export function planRepair(request: RepairRequest): readonly RecordedChange[] {
  const { accept, markApplied, markReverted } = request;
  const changes = [
    ...named(request, { wanted: accept, change: "accepted", from: ["changed"] }),
    ...named(request, { wanted: markApplied, change: "applied", from: ["pending", "failed"] }),
    ...named(request, { wanted: markReverted, change: "reverted", from: ["applied", "changed", "missing"] }),
  ];
  if (changes.length > 0) return changes;
  throw new ScriptError("configuration", "there is nothing to repair: no version is named, or none is changed", {
    hint: "Pass --accept, --mark-applied or --mark-reverted with versions; `npx @org/run-migrations status` lists them.",
  });
}

/** What a baseline records: every file up to the version, as applied. Throws a ScriptError where a history has begun already. */
export function planBaseline({ collection, states }: BookkeepingRequest, to: string | undefined): readonly RecordedChange[] {
  if (to === undefined) throw new ScriptError("configuration", "the baseline needs a version", { hint: "Pass --to with the last version that the database already has." });
  const begun = states.filter((one) => !isPending(one));
  if (begun.length > 0) {
    throw new ScriptError("checkFailed", `the history has begun already: it holds ${begun.length} ${begun.length === 1 ? "version" : "versions"}`, {
      hint: "Record single versions with repair --mark-applied.",
    });
  }
  const last = parseVersion(states, to);
  return collection.migrations
    .filter(({ version }) => compareVersions(version, last) <= 0)
    .map(({ version, name, checksum }) => ({ version, name, change: "applied", checksum, appliedAt: null }));
}

export interface AdoptionRequest extends BookkeepingRequest {
  readonly adopted: readonly AdoptedVersion[];
  readonly tool: string;
  /** Versions, or `all`, whose file may differ from what the other tool applied. */
  readonly accept: readonly string[];
}

/** What an adoption records. Throws a ScriptError (checkFailed) for versions that have no file or one that was changed. */
export function planAdoption({ collection, states, adopted, tool, accept }: AdoptionRequest): readonly RecordedChange[] {
  const files = new Map(collection.migrations.map((migration) => [migration.version, migration]));
  const lost = adopted.filter(({ version }) => !files.has(version)).map(({ version }) => printable(version));
  if (lost.length > 0) {
    throw new ScriptError("checkFailed", `${tool} applied versions that no file has: ${lost.join(", ")}`, { hint: "Point --directory to the files that it applied." });
  }
  const isAccepted = (version: string): boolean => accept.some((one) => one === "all" || normaliseVersion(one) === version);
  const changed = adopted.filter(({ version, isChanged }) => isChanged && !isAccepted(version)).map(({ version }) => printable(files.get(version)!.file));
  if (changed.length > 0) {
    throw new ScriptError("checkFailed", `changed since ${tool} applied them: ${changed.join(", ")}`, { hint: "Restore the files, or name the versions with --accept." });
  }
  const pending = new Set(states.filter(isPending).map(({ version }) => version));
  return adopted
    .filter(({ version }) => pending.has(version))
    .map(({ version, appliedAt }) => ({ version, name: files.get(version)!.name, change: "applied", checksum: files.get(version)!.checksum, appliedAt }));
}

/** Writes all rows or none; needs the migration lock. */
export async function recordChanges(client: PostgresClient, history: HistoryTarget, changes: readonly RecordedChange[]): Promise<void> {
  await withTransaction(client, async () => {
    for (const { version, name, change, checksum, appliedAt } of changes) {
      const direction = change === "reverted" ? "down" : "up";
      const startedAt = appliedAt === null ? new Date() : new Date(appliedAt);
      await insertAttempt(client, history, { migration: { version, name, checksum }, direction, startedAt, status: "baseline", durationMs: 0 });
    }
  });
}

interface NamedVersions {
  readonly wanted: readonly string[];
  readonly change: RecordedChange["change"];
  /** The states that allow the change. */
  readonly from: readonly MigrationState["state"][];
}

function named({ states, collection }: BookkeepingRequest, { wanted, change, from }: NamedVersions): RecordedChange[] {
  const every = wanted.includes("all") ? states.filter(({ state }) => from.includes(state)) : [];
  const single = wanted.filter((version) => version !== "all").map((version) => inState(states, parseVersion(states, version), { change, from }));
  return [...every, ...single].map(({ version, name }) => {
    const file = collection.migrations.find((migration) => migration.version === version);
    return { version, name: file?.name ?? name, change, checksum: change === "reverted" ? null : (file?.checksum ?? null), appliedAt: null };
  });
}

function inState(states: readonly MigrationState[], version: string, { change, from }: { readonly change: string; readonly from: readonly string[] }): MigrationState {
  const found = states.find((state) => state.version === version)!;
  if (from.includes(found.state)) return found;
  throw new ScriptError("configuration", `version ${version} cannot be recorded as ${change}: it is ${found.state}`, {
    hint: "`npx @org/run-migrations status` tells the state of every version.",
  });
}
