// Compares a server with itself, many times, and then with one that a proxy slows by 5 %:
// node --conditions=@org/source src/compare/equal-servers.bench.ts [comparisons] [rounds]
import { startPrivateCache } from "@org/testkit";
import { dragonflyPerf } from "../index.ts";
import type { SuiteComparison } from "../result.ts";
import { withDelayingProxy } from "../testing/delaying-proxy.ts";

const [comparisons, rounds] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 6)];
const [delayMs, slowerMs] = [40, 42];

const cache = await startPrivateCache({ password: null, settings: { save: "" } });
try {
  const equal: SuiteComparison[] = [];
  for (let number = 1; number <= comparisons; number++) {
    equal.push(await compare(cache.url, cache.url, { duration: "300ms", threshold: 5 }));
    process.stderr.write(`${number} of ${comparisons}: ${describe(equal.at(-1)!)}\n`);
  }
  const slower = await withDelayingProxy(cache.port, delayMs, (port) =>
    withDelayingProxy(cache.port, slowerMs, (slowPort) => compare(`redis://127.0.0.1:${slowPort}`, `redis://127.0.0.1:${port}`, { duration: "600ms", threshold: 2 })),
  );
  process.stdout.write(`equal servers: ${equal.filter(({ isRegression }) => isRegression !== false).length} of ${comparisons} comparisons of ${rounds} rounds flagged\nslower by ${(100 * (slowerMs / delayMs - 1)).toFixed(0)} %: ${describe(slower)}\n`);
} finally {
  await cache.stop();
}

async function compare(redisUrl: string, against: string, settings: { readonly duration: string; readonly threshold: number }): Promise<SuiteComparison> {
  const brief = { suites: ["get"], warmup: "100ms", keys: 100, connections: 20, percentile: 90 };
  const { data } = await dragonflyPerf({ ...brief, ...settings, redisUrl, compare: against, repeat: rounds }, { timeoutMs: 600_000 });
  return data!.comparison!.suites[0]!;
}

function describe({ ratio, low, high, noise, isRegression }: SuiteComparison): string {
  return `ratio ${ratio} (${low} to ${high}, noise ${noise}), ${isRegression === true ? "flagged" : isRegression === false ? "not flagged" : "not compared"}`;
}
