import { expect, test } from "vitest";
import type { CommandResult, RunResult } from "./result.ts";
import { sweep, type Probe } from "./sweep.ts";

/** A server that does 10 000 in a second, and whose p99 passes 2 ms at `bend`. */
function server(bend: number): Probe {
  return (rate) => {
    const p99 = rate === undefined ? null : rate > bend ? 50 : 1;
    return Promise.resolve({ opsPerSecond: Math.min(rate ?? 10_000, 10_000), total: { corrected: { p99 } } as CommandResult } as RunResult);
  };
}

test("closes in on the highest rate that holds", async () => {
  const { knee, steps, closedLoop } = await sweep("get", 2, server(7_300));
  expect(knee).toBeGreaterThan(7_200);
  expect(knee).toBeLessThanOrEqual(7_300);
  expect([steps.length, closedLoop]).toEqual([7, 10_000]);
});

test("says when none holds", async () => {
  expect(await sweep("get", 2, server(0))).toMatchObject({ knee: null });
});
