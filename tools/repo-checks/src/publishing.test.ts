import { expect, test } from "vitest";
import { faultsOf } from "./publishing.ts";

const report = JSON.stringify({ script: "verify-dragonfly", verdict: "pass" });
const ended = { exitCode: 0, signal: null, stdout: report, stderr: "[INFO] a story\n", durationMs: 1 };

test("takes a run whose stdout is one report", () => {
  expect(faultsOf(ended)).toEqual([]);
  expect(faultsOf({ ...ended, stdout: `${report}\n` })).toEqual([]);
});

test.each([
  ["another exit code", { exitCode: 4 }, "ended with 4"],
  ["a word before the JSON", { stdout: `Need to install\n${report}` }, "not JSON alone"],
  ["nothing on stdout", { stdout: "" }, "not JSON alone"],
  ["another script", { stdout: '{"script":"verify-foo","verdict":"pass"}' }, 'about "verify-foo"'],
  ["a verdict that is no success", { stdout: '{"script":"verify-dragonfly","verdict":"unknown"}' }, '"unknown"'],
])("finds %s", (_name, change, expected) => {
  expect(faultsOf({ ...ended, ...change })).toEqual([expect.stringContaining(expected)]);
});
