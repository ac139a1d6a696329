import { expect, test } from "vitest";
import type { RollbackOutcome } from "./rollback.ts";
import type { RollbackSettings } from "./settings.ts";
import { rollbackChecks } from "./status.ts";
import type { RollbackStatus, RoundTrip } from "./rollback-status.ts";

const trip: RoundTrip = { version: "1", name: "a", file: "1_a.up.sql", downFile: "1_a.down.sql", outcome: "same", differences: [], unread: [], failure: null };
const unread = [{ side: "found", kind: "user mapping", object: "app on other", property: "options", reason: "the role has no right to see it" }] as const;

function verdictOf(...roundTrips: RoundTrip[]): string {
  const [check] = rollbackChecks({ action: "verify", roundTrips, plan: null } as unknown as RollbackStatus, {} as RollbackOutcome, {} as RollbackSettings);
  return `${check!.verdict}: ${check!.evidence}`;
}

test("what could not be compared is not proved", () => {
  expect(verdictOf(trip)).toMatch(/^pass: 1 of 1/u);
  expect(verdictOf(trip, { ...trip, outcome: "unknown", unread })).toBe("unknown: 1_a.down.sql cannot be compared in full: options of user mapping app on other: the role has no right to see it");
  expect(verdictOf({ ...trip, outcome: "unknown", unread }, { ...trip, outcome: "no-way-back", downFile: null })).toMatch(/^fail: 2 of 2 do not: .*1_a\.up\.sql has no way back/u);
});

test("a verification that proves nothing is no success", () => {
  expect(verdictOf()).toBe("unknown: there is nothing to prove");
});
