// Needs Postgres, which the testkit starts. KILL_ROUNDS=100 repeats it as often as wanted.
import { expect, test } from "vitest";
import { killRounds, type Victim } from "./testing/kill-rounds.ts";

const victims: readonly Victim[] = ["runner", "runner", "backend"];
const count = Number(process.env["KILL_ROUNDS"] ?? 6);
const notes = [4, 8, 12, 16, 20, 24].flatMap((version) => [`${version} a`, `${version} b`]);

test(
  "killed at random moments, history and schema agree, and a plain run after it rolls back the rest, each once",
  async () => {
    const rounds = await killRounds(Array.from({ length: count }, (_, i) => victims[i % victims.length]!));
    for (const { victim, disagreements, exitCode, story, end } of rounds) {
      const expected = { disagreements: [], exitCode: 0, end: { relations: ["notes"], notes, applied: 0, mostOften: 1 } };
      expect({ victim, story, disagreements, exitCode, end }).toEqual({ victim, story, ...expected });
    }
    expect(rounds.filter(({ killed }) => killed).length).toBeGreaterThan(count / 3);
  },
  60_000 + count * 40_000,
);
