import { afterEach, expect, test, vi } from "vitest";
import { killPlan } from "./index.ts";

afterEach(() => void vi.unstubAllEnvs());

test("a kill test has a seed of its own each time, and names the command that repeats it", () => {
  const [one, two] = [killPlan("@org/a"), killPlan("@org/a")];
  expect(two.seed).not.toBe(one.seed);
  expect(one.again).toBe(`KILL_SEED=${one.seed} KILL_ROUNDS=6 npx vitest run --project @org/a src/kill`);
});

test("KILL_SEED and KILL_ROUNDS are whole numbers, or refused", () => {
  vi.stubEnv("KILL_ROUNDS", "100");
  vi.stubEnv("KILL_SEED", "7");
  expect(killPlan("@org/a")).toMatchObject({ seed: 7, count: 100 });
  vi.stubEnv("KILL_SEED", "seven");
  expect(() => killPlan("@org/a")).toThrow("KILL_SEED=seven is no whole number");
});
