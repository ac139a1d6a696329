// Runs the same commands with redis-benchmark and with the engine, in turns, on one server of its own:
// node --conditions=@org/source src/testing/side-by-side.bench.ts [rounds] [seconds] [keys]
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { withCache } from "@org/cache";
import { runProcess, startPrivateCache } from "@org/testkit";
import { createHistogram, merge, percentile } from "../engine/histogram.ts";
import { keyDigits, keyName, type CommandPlan, type KeyPlan, type LoadPlan } from "../engine/load-plan.ts";
import type { Sample } from "../engine/measurement.ts";
import { machineUse, readMachine } from "../machine.ts";
import { runLoad } from "../run-load.ts";
import { readFacts } from "../server/facts.ts";

interface Case {
  readonly command: "GET" | "SET";
  readonly bytes: number;
  readonly pipeline: number;
}

interface Figures {
  readonly rate: number;
  readonly p99: number;
  /** Processor time of the client for one operation, microseconds: it tells also where others keep the machine busy. */
  readonly cpu: number;
  /** Cores that the server used: near 1 it is the limit, and a client can do no more. */
  readonly server: number;
}

interface Measured extends Figures {
  /** Processor time of programs of the measurement other than this one, seconds. */
  readonly knownSeconds: number;
}

// One key unless told, as redis-benchmark has it by default.
const [rounds, seconds, keyCount] = [Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 1.5), Number(process.argv[4] ?? 1)];
const cases = ([1, 16] as const).flatMap((pipeline) => ([3, 1024] as const).flatMap((bytes) => (["GET", "SET"] as const).map((command): Case => ({ command, bytes, pipeline }))));
// So that redis-benchmark, which counts requests, runs for about as long.
const expectedRate = { 1: 80_000, 16: 900_000 } as const;

/** The engine's types are stripped and its code is compiled meanwhile, on the core that the server needs. */
const warmupMs = 2_000;

/** Cores of other programs beyond which a measurement tells of them, and is made again. */
const mostOfOthers = 0.1;
const longestWaitMs = 60_000;
let disturbed = 0;

const cache = await startPrivateCache({ password: null });
// Debian's package redis-tools: beside the server that the testkit unpacked, or installed.
const unpacked = join(homedir(), ".cache/platform-scripts/cache-server/root/usr");
const peerProgram = [join(unpacked, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)].map((folder) => join(folder, "redis-benchmark")).find((file) => existsSync(file)) ?? "redis-benchmark";
const peerLibraries = globSync(join(unpacked, "lib/*-linux-gnu")).join(delimiter);
try {
  const found = new Map<Case, { readonly peer: Figures[]; readonly own: Figures[] }>(cases.map((each) => [each, { peer: [], own: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const each of cases) {
      await preload(each);
      const { peer, own } = found.get(each)!;
      // The one that runs second finds the same server, so the order changes from round to round.
      if (round % 2 === 0) peer.push(await undisturbed(() => runPeer(each)));
      own.push(await undisturbed(() => runOwn(each)));
      if (round % 2 === 1) peer.push(await undisturbed(() => runPeer(each)));
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  process.stdout.write(`${table(found)}\n\npeak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB; ${disturbed} measurements were made again because other programs used more than ${mostOfOthers} cores\n`);
} finally {
  await cache.stop();
}

/** Makes a measurement again when other programs took part of the machine, after they have ended. */
async function undisturbed(measure: () => Promise<Measured>): Promise<Figures> {
  for (;;) {
    const before = await readMachine();
    const measured = await measure();
    if ((machineUse([before, await readMachine()], measured.knownSeconds)?.others ?? 0) <= mostOfOthers) return measured;
    disturbed++;
    await rest();
  }
}

async function rest(): Promise<void> {
  const deadline = performance.now() + longestWaitMs;
  while (performance.now() < deadline) {
    const before = await readMachine();
    await setTimeout(500);
    if ((machineUse([before, await readMachine()], 0)?.others ?? 0) <= mostOfOthers) return;
  }
  throw new Error(`other programs used more than ${mostOfOthers} cores for ${longestWaitMs / 1000} s: run it on a machine of its own`);
}

async function serverSeconds(): Promise<number> {
  const { cpu } = await withCache({ url: cache.url, clientName: "side-by-side" }, readFacts);
  return cpu!;
}

async function preload({ bytes }: Case): Promise<void> {
  await load({ command: { ...commandOf({ command: "SET", bytes, pipeline: 1 }) }, pipeline: 64, keys: { ...keysOf(), distribution: "sequential" }, model: { kind: "once" } });
}

async function runOwn(each: Case): Promise<Measured> {
  return load({ command: commandOf(each), pipeline: each.pipeline, keys: keysOf(), model: { kind: "closed", warmupMs, durationMs: seconds * 1000 } });
}

async function load({ command, ...plan }: { readonly command: CommandPlan } & Pick<LoadPlan, "pipeline" | "keys" | "model">): Promise<Measured> {
  const address = { host: "127.0.0.1", port: cache.port, socket: undefined, tls: false, user: undefined, password: undefined, database: 0, protocol: 2 } as const;
  const total = createHistogram();
  let elapsed = 0;
  let good = 0;
  let cpuMs = 0;
  const onSample = ({ commands: [first], startedAt, endedAt, cpuMs: used }: Sample): void => {
    merge(total, first!.raw);
    good += first!.counts.ok;
    cpuMs += used;
    elapsed += endedAt - startedAt;
  };
  const whole: LoadPlan = { ...plan, address, commands: [command], connections: 50, seed: 1, client: "raw" };
  const before = await serverSeconds();
  const requests = await runLoad({ plans: [whole], signal: new AbortController().signal, onSample });
  const knownSeconds = (await serverSeconds()) - before;
  if (good !== total.count) throw new Error(`${total.count - good} of ${total.count} replies to ${command.name} are not as expected`);
  const rate = (total.count / elapsed) * 1000;
  return { rate, p99: percentile(total, 99), cpu: (cpuMs * 1000) / total.count, server: (knownSeconds / requests) * rate, knownSeconds };
}

function commandOf({ command, bytes }: Case): CommandPlan {
  const common = { name: command, weight: 1, sizes: [{ bytes, weight: 1 }] };
  return command === "GET"
    ? { ...common, words: ["GET", "__key__"], expect: { kinds: ["bulk"], nullIsMiss: true, length: { min: bytes, max: bytes } } }
    : { ...common, words: ["SET", "__key__", "__data__"], expect: { kinds: ["status"], nullIsMiss: false } };
}

/** The names that redis-benchmark gives its keys: twelve digits. */
function keysOf(): KeyPlan {
  return { prefix: `key:${"0".repeat(12 - keyDigits({ count: keyCount }))}`, count: keyCount, distribution: "uniform", exponent: 1, deviation: 0.2, first: 0, step: 1 };
}

async function runPeer({ command, bytes, pipeline }: Case): Promise<Measured> {
  const requests = expectedRate[pipeline as 1 | 16] * seconds;
  const [key, random] = keyCount === 1 ? [keyName(keysOf(), 0), []] : ["key:__rand_int__", ["-r", String(keyCount)]];
  const words = command === "GET" ? ["GET", key] : ["SET", key, "x".repeat(bytes)];
  const args = ["-p", String(cache.port), "-c", "50", "-P", String(pipeline), "-n", String(requests), ...random, "--csv", ...words];
  const before = await serverSeconds();
  const { stdout, stderr, exitCode } = await runProcess("bash", ["-c", 'TIMEFORMAT="cpu %3U %3S"; time "$0" "$@"', peerProgram, ...args], { env: { LD_LIBRARY_PATH: peerLibraries } });
  const serverUsed = (await serverSeconds()) - before;
  const cells = stdout.trim().split("\n").at(-1)!.split('","').map((cell) => Number(cell.replaceAll('"', "")));
  const [, rate, , , , , p99] = cells;
  const [, user, system] = /^cpu (\S+) (\S+)$/mu.exec(stderr) ?? [];
  if (exitCode !== 0 || rate === undefined || p99 === undefined || !(rate > 0)) throw new Error(`redis-benchmark: ${stdout}${stderr}`);
  const clientUsed = Number(user) + Number(system);
  return { rate, p99, cpu: (clientUsed * 1e6) / requests, server: (serverUsed / requests) * rate, knownSeconds: serverUsed + clientUsed };
}

function table(found: ReadonlyMap<Case, { readonly peer: readonly Figures[]; readonly own: readonly Figures[] }>): string {
  const rows = [...found].map(([{ command, bytes, pipeline }, { peer, own }]) => {
    const ratio = (of: (figures: Figures) => number): string => median(own.map((figures, round) => of(figures) / of(peer[round]!))).toFixed(2);
    const whole = (of: (figures: Figures) => number, figures: readonly Figures[]): string => Math.round(median(figures.map(of))).toLocaleString("en");
    const ms = (of: (figures: Figures) => number, figures: readonly Figures[]): string => median(figures.map(of)).toFixed(2);
    const [rate, p99, cpu, server] = [(each: Figures): number => each.rate, (each: Figures): number => each.p99, (each: Figures): number => each.cpu, (each: Figures): number => each.server];
    return `| ${command} | ${bytes} B | ${pipeline} | ${whole(rate, peer)} | ${whole(rate, own)} | ${ratio(rate)} | ${ms(p99, peer)} | ${ms(p99, own)} | ${ratio(p99)} | ${ms(cpu, peer)} | ${ms(cpu, own)} | ${ratio(cpu)} | ${ms(server, peer)} | ${ms(server, own)} |`;
  });
  return ["| command | value | pipeline | redis-benchmark ops/s | engine ops/s | ratio | redis-benchmark p99 ms | engine p99 ms | ratio | redis-benchmark CPU µs/op | engine CPU µs/op | ratio | server cores, redis-benchmark | server cores, engine |", "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|", ...rows].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
