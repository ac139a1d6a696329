import { planExecution } from "@org/postgres";
import { expect, test } from "vitest";
import type { HistoryEntry } from "./history.ts";
import { conflicts, migrationStates, type MigrationState } from "./migration-state.ts";
import type { MigrationCollection } from "./read-migrations.ts";
import { checksumOfFirst } from "./statement-progress.ts";

const collection = (...versions: string[]): MigrationCollection => ({
  directory: "/m",
  layout: "files",
  repeatables: [],
  migrations: versions.map((version) => ({ version, name: "n", file: `${version}_n.sql`, path: "", sql: "", checksum: "same", down: undefined })),
});

const row = (version: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  version,
  name: "n",
  checksum: "same",
  direction: "up",
  status: "applied",
  finishedAt: new Date(0),
  durationMs: 1,
  runId: null,
  actor: "me",
  error: null,
  progress: null,
  ...more,
});

const words = (files: MigrationCollection, history: HistoryEntry[]): string[] =>
  migrationStates(files, history).map(({ version, state, outOfOrder }) => `${version} ${state}${outOfOrder ? " out of order" : ""}`);

interface Case {
  readonly name: string;
  readonly files: readonly string[];
  readonly history: HistoryEntry[];
  readonly expected: readonly string[];
}

test.each<Case>([
  { name: "nothing applied", files: ["1", "2"], history: [], expected: ["1 pending", "2 pending"] },
  { name: "applied and pending", files: ["1", "2"], history: [row("1")], expected: ["1 applied", "2 pending"] },
  { name: "out of order", files: ["9", "10", "11"], history: [row("10")], expected: ["9 pending out of order", "10 applied", "11 pending"] },
  { name: "changed", files: ["1"], history: [row("1", { checksum: "other" })], expected: ["1 changed"] },
  { name: "missing", files: ["2"], history: [row("1"), row("2")], expected: ["1 missing", "2 applied"] },
  { name: "a version that was written with zeros", files: ["1"], history: [row("0001")], expected: ["1 applied"] },
  { name: "failed, then applied", files: ["1"], history: [row("1", { status: "failed", checksum: "old" }), row("1")], expected: ["1 applied"] },
  { name: "failed", files: ["1"], history: [row("1", { status: "failed", error: "no" })], expected: ["1 failed"] },
  { name: "rolled back", files: ["1"], history: [row("1"), row("1", { direction: "down" })], expected: ["1 pending"] },
  { name: "rolled back and gone", files: [], history: [row("1"), row("1", { direction: "down" })], expected: [] },
  { name: "a roll back that failed", files: ["1"], history: [row("1"), row("1", { direction: "down", status: "failed" })], expected: ["1 applied"] },
  { name: "a baseline without checksum", files: ["1"], history: [row("1", { status: "baseline", checksum: null })], expected: ["1 applied"] },
])("$name", ({ files, history, expected }) => {
  expect(words(collection(...files), history)).toEqual(expected);
});

test("a failed or interrupted attempt is told", () => {
  const attempts = [row("1", { status: "failed", error: "syntax" }), row("2", { status: "running", finishedAt: null })];
  expect(migrationStates(collection("1", "2"), attempts).map(({ lastError }) => lastError)).toEqual(["syntax", "it was started and never ended"]);
});

test("an applied one whose rollback did not end tells it", () => {
  const history = ["1", "2", "3"].map((version) => row(version));
  const rollbacks = [row("1", { direction: "down", status: "failed", error: "busy" }), row("2", { direction: "down", status: "running", finishedAt: null })];
  const told = ["its rollback failed: busy", "its rollback was started and never ended", null];
  expect(migrationStates(collection("1", "2", "3"), [...history, ...rollbacks]).map(({ lastError }) => lastError)).toEqual(told);
});

test("one whose rollback did a part outside a transaction is in the way, and tells where it goes on", () => {
  const down = { ...collection("1").migrations[0]!, sql: "-- no-transaction\nSELECT 1;\nSELECT 2;" };
  const files = { ...collection(), migrations: [{ ...collection("1").migrations[0]!, down }] };
  const after = (done: number): readonly MigrationState[] => {
    const progress = { done, checksum: checksumOfFirst(planExecution(down.sql).statements, done), started: null };
    return migrationStates(files, [row("1"), row("1", { direction: "down", status: "failed", error: "busy", progress })]);
  };
  expect(conflicts(after(0))).toEqual([]);
  expect(conflicts(after(1))).toMatchObject([{ version: "1", state: "applied", resumesAt: { statement: 2, of: 2, line: 3 } }]);
});

test("changed and missing ones are in the way", () => {
  const states = migrationStates(collection("1", "3"), [row("1", { checksum: "other" }), row("2")]);
  expect(conflicts(states).map(({ version }) => version)).toEqual(["1", "2"]);
});

test("a failed file outside a transaction tells at which statement the next attempt goes on", () => {
  const sql = "-- no-transaction\nSELECT 1;\n\nSELECT 2;\nSELECT 3;";
  const at = (done: number, of = sql): unknown => {
    const files = { ...collection(), migrations: [{ ...collection("1").migrations[0]!, sql: of }] };
    const progress = { done, checksum: checksumOfFirst(planExecution(sql).statements, done), started: null };
    return migrationStates(files, [row("1", { status: "failed", error: "no", progress })])[0]!.resumesAt;
  };
  expect(at(1)).toEqual({ statement: 2, of: 3, line: 4 });
  expect(at(3)).toEqual({ statement: 4, of: 3, line: null });
  expect(at(0)).toBeNull();
  expect(at(1, sql.replace("SELECT 1", "SELECT 9"))).toBeNull();
});
