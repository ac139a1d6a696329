import { createHistogram, merge } from "./engine/histogram.ts";
import type { ServerAddress } from "./engine/load-plan.ts";
import type { Latency } from "./result.ts";
import { runLoad } from "./run-load.ts";
import { latencyOf } from "./summary.ts";

const floorMs = 300;

/** The round trips of PING on one connection that nothing else uses: no command can be faster. */
export async function measureFloor(address: ServerAddress, signal: AbortSignal): Promise<Latency> {
  const all = createHistogram();
  await runLoad({
    plans: [
      {
        address,
        commands: [{ name: "PING", weight: 1, words: ["PING"], sizes: [], expect: { kinds: ["status"], nullIsMiss: false } }],
        keys: { prefix: "", count: 1, distribution: "uniform", exponent: 1, deviation: 1, first: 0, step: 1 },
        connections: 1,
        pipeline: 1,
        seed: 1,
        client: "raw",
        model: { kind: "closed", warmupMs: 50, durationMs: floorMs },
      },
    ],
    signal,
    onSample: (sample) => merge(all, sample.commands[0]!.raw),
  });
  return latencyOf(all);
}
