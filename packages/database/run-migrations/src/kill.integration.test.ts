// Needs Postgres, which the testkit starts. KILL_ROUNDS=100 repeats it as often as wanted.
import { expect, test } from "vitest";
import { killRounds, type Victim } from "./testing/kill-rounds.ts";

const victims: readonly Victim[] = ["runner", "backend", "server"];
const count = Number(process.env["KILL_ROUNDS"] ?? 6);

test(
  "killed at random moments, a plain run after it ends with the same schema and rows, each file applied once, and no invalid index",
  async () => {
    const planned = Array.from({ length: count }, (_, i) => victims[i % victims.length]!);
    const { expected, rounds } = await killRounds(planned);
    expect(expected).toMatchObject({ applied: 50, mostOften: 1, invalidIndexes: 0 });
    for (const { victim, exitCode, story, state } of rounds) {
      expect({ victim, exitCode, story, state }).toEqual({ victim, exitCode: 0, story, state: expected });
    }
    expect(rounds.filter(({ killed }) => killed).length).toBeGreaterThan(count / 3);
  },
  60_000 + count * 40_000,
);
