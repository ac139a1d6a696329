import { checkResult, pass, skipped, unknown } from "@org/script";
import { expect, test } from "vitest";
import { layersOf, type TlsFacts } from "./connection-data.ts";
import { tlsFinding } from "./layers/tls.ts";
import { clockFinding, poolerMode, sessionsFinding, versionFinding } from "./session/server.ts";

test.each([
  [13, "2025-11-30", "pass"],
  [13, "2025-12-01", "warn"],
  [18, "2026-01-01", "pass"],
])("major version %d on %s: %s", (major, today, verdict) => {
  expect(versionFinding({ major, text: `${major}.1`, today: new Date(today) }).verdict).toBe(verdict);
});

test.each([
  [{ firstPid: 1, secondPid: 2, announcedPid: 2 }, 1, "none"],
  [{ firstPid: 1, secondPid: 2, announcedPid: 9 }, 1, "session"],
  [{ firstPid: 1, secondPid: 1, announcedPid: 9 }, 1, "transaction"],
  [{ firstPid: 1, secondPid: 2, announcedPid: 2 }, 3, "transaction"],
])("processes %j and %d mean pooler %s", (second, pidNow, mode) => {
  expect(poolerMode({ ms: 1, readOnlyByDefault: false, ...second }, pidNow)).toBe(mode);
});

const limit = { value: 80, source: "default" };

test.each([
  [{ used: 80, limit: 100, own: 1, own_limit: -1 }, "pass", 80],
  [{ used: 81, limit: 100, own: 1, own_limit: -1 }, "warn", 81],
  [{ used: 1, limit: 100, own: 9, own_limit: 10 }, "warn", 90],
])("sessions %j: %s", (sessions, verdict, value) => {
  expect(sessionsFinding(sessions, limit)).toMatchObject({ verdict, value });
});

test("a role that may hold no session fails", () => {
  expect(sessionsFinding({ used: 1, limit: 100, own: 0, own_limit: 0 }, limit).verdict).toBe("fail");
});

test.each([
  [1_999, "pass", "ahead of"],
  [-2_001, "warn", "behind"],
])("a clock that is %d ms off: %s", (offset, verdict, words) => {
  expect(clockFinding(offset, { value: 2_000, source: "default" })).toMatchObject({ verdict, evidence: expect.stringContaining(words) });
});

const tls: TlsFacts = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  verified: true,
  subject: "db",
  issuer: "ca",
  validTo: "2030-01-01T00:00:00.000Z",
  daysLeft: 90,
};

test.each([
  [{}, "default", "pass", "valid for 90 more days"],
  [{ verified: false }, "default", "pass", "not verified"],
  [{ daysLeft: 13 }, "default", "warn", "valid for 13"],
  [{ daysLeft: 13 }, "config", "fail", "valid for 13"],
  [{ daysLeft: -2 }, "default", "warn", "expired 2 days ago"],
  [{ protocol: "TLSv1" }, "default", "warn", "TLSv1,"],
])("TLS %j with a limit from %s: %s", (changes, source, verdict, words) => {
  expect(tlsFinding({ ...tls, ...changes }, { value: 14, source })).toMatchObject({ verdict, evidence: expect.stringContaining(words) });
});

test("layers are told by their checks, with the time of those that ran", () => {
  const layer = (name: string) => ({ id: `postgres.${name}`, title: name });
  const checks = [
    checkResult(layer("config"), pass("ok"), 0.3),
    checkResult(layer("dns"), skipped("an address")),
    checkResult(layer("tcp"), pass("open", { value: 2, unit: "ms" }), 3),
    checkResult(layer("tls"), unknown("not reached", "mend it")),
    checkResult(layer("version"), pass("15")),
  ];
  expect(layersOf(checks).map(({ name, ms }) => [name, ms])).toEqual([
    ["config", 0.3],
    ["dns", null],
    ["tcp", 2],
    ["tls", null],
  ]);
});
