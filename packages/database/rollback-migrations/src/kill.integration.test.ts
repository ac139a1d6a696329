// Needs Postgres, which the testkit starts. KILL_ROUNDS=100 repeats it as often as wanted, KILL_SEED at the moments of another run.
import { killPlan, killRounds } from "@org/testkit";
import { expect, test } from "vitest";
import { killTest } from "./testing/kill-test.ts";

const plan = killPlan("@org/rollback-migrations");
const notes = [4, 8, 12, 16, 20, 24].flatMap((version) => [`${version} a`, `${version} b`]);

test(
  `killed at random moments (KILL_SEED=${plan.seed}), history and schema agree, and a plain run after it rolls back the rest, each once`,
  async () => {
    const { undisturbed, rounds } = await killRounds(plan, killTest);
    expect(undisturbed).toEqual({ relations: ["notes", "v"], notes, applied: 0, mostOften: 1 });
    for (const { victim, faults, exitCode, story, end } of rounds) {
      expect({ victim, faults, exitCode, story, end }, plan.again).toEqual({ victim, faults: [], exitCode: 0, story, end: undisturbed });
    }
    expect(rounds.filter(({ killed }) => killed).length, plan.again).toBeGreaterThan(plan.count / 3);
  },
  60_000 + plan.count * 40_000,
);
