// How long verification takes, as whole processes, on the sample platform with a local Postgres and cache.
//   node -C @org/source packages/control/platform/bench/verify.ts [runs]
import { join } from "node:path";
import { exitCodes } from "@org/exit-codes";
import { runBin, startPrivateCache, startPrivatePostgres, withTempFolder } from "@org/testkit";

/** Milliseconds for the whole process. */
const budgets = [
  { script: "verify-connection", args: [], budget: 500 },
  { script: "verify-dragonfly", args: [], budget: 500 },
  { script: "platform", args: ["verify"], budget: 3_000 },
] as const;

const root = join(import.meta.dirname, "../../../..");
const runs = Number(process.argv[2] ?? 9);

const rows = await withServers(async (env) => {
  await run(["platform", "setup"], env);
  const measured = [];
  for (const { script, args, budget } of budgets) measured.push({ script, budget, ...(await measure([script, ...args], env)) });
  return measured;
});
const isOver = rows.some(({ median, budget }) => median > budget);

console.table(rows.map(({ script, median, slowest, budget }) => ({ script, "median (ms)": Math.round(median), "slowest (ms)": Math.round(slowest), "budget (ms)": budget })));
console.log(`${runs} runs each, Node ${process.versions.node}: ${isOver ? "over" : "inside"} the budget.`);
process.exitCode = isOver ? exitCodes.checkFailed : exitCodes.success;

async function withServers<T>(work: (env: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
  const [postgres, cache] = await Promise.all([startPrivatePostgres(), startPrivateCache()]);
  try {
    const url = Object.assign(new URL(postgres.url), { pathname: "sample" }).href;
    return await withTempFolder((folder) => work({ DATABASE_URL: url, REDIS_URL: cache.url, STATE_DIR: join(folder, "state"), REPORT_DIR: join(folder, "reports") }));
  } finally {
    await Promise.all([postgres.stop(), cache.stop()]);
  }
}

async function measure(command: readonly string[], env: Readonly<Record<string, string>>): Promise<{ readonly median: number; readonly slowest: number }> {
  const times: number[] = [];
  for (let index = 0; index < runs; index++) times.push(await run(command, env));
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(runs / 2)]!, slowest: times.at(-1)! };
}

/** The milliseconds of one successful run of the built command. */
async function run([name, ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const config = join(root, "tools/sample-platform/platform.config.ts");
  const { exitCode, durationMs, stderr } = await runBin(name!, [...args, "--config", config], { env, built: true });
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}:\n${stderr}`);
  return durationMs;
}
