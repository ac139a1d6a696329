// Needs Postgres, which the testkit starts. KILL_ROUNDS=100 repeats it as often as wanted, KILL_SEED at the moments of another run.
import { killPlan, killRounds } from "@org/testkit";
import { expect, test } from "vitest";
import { killTest } from "./testing/kill-test.ts";

const plan = killPlan("@org/run-migrations");

test(
  `killed at random moments (KILL_SEED=${plan.seed}), a plain run after it ends with the same schema and rows, each file applied once, and no invalid index`,
  async () => {
    const { undisturbed, rounds } = await killRounds(plan, killTest);
    expect(undisturbed).toMatchObject({ applied: 50, mostOften: 1, invalidIndexes: 0 });
    for (const { victim, exitCode, story, end } of rounds) {
      expect({ victim, exitCode, story, end }, plan.again).toEqual({ victim, exitCode: 0, story, end: undisturbed });
    }
    expect(rounds.filter(({ killed }) => killed).length, plan.again).toBeGreaterThan(plan.count / 3);
  },
  60_000 + plan.count * 40_000,
);
