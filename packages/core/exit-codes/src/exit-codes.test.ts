import { expect, test } from "vitest";
import { exitCodeMeanings, exitCodes, isScriptError, ScriptError, worstExitCode } from "./index.ts";

test("every code has a meaning and its public number", () => {
  expect(Object.keys(exitCodeMeanings)).toEqual(Object.keys(exitCodes));
  expect(Object.values(exitCodes)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 130, 143]);
});

test.each([
  [[], 0],
  [[0, 0], 0],
  [[0, 10], 10],
  [[6, 4, 0], 4],
  [[4, 1], 1],
  [[6, 137], 137],
])("the worst of %j is %i", (codes, worst) => {
  expect(worstExitCode(codes)).toBe(worst);
});

test("a ScriptError carries message, hint, code and cause", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new ScriptError("connection", "no answer", { hint: "start it", cause });
  expect(error).toMatchObject({ name: "ScriptError", message: "no answer", hint: "start it", exitCode: 4, cause });
});

test("another copy's error is recognised by its brand, a plain error is not", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("platform-scripts.ScriptError")]: true });
  expect(isScriptError(foreign)).toBe(true);
  expect(isScriptError(new Error("x"))).toBe(false);
  expect(isScriptError(null)).toBe(false);
});
