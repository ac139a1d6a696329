// Runs the same commands with redis-benchmark and with the engine, in turns, on one server of its own:
// node --conditions=@org/source src/testing/side-by-side.bench.ts [rounds] [seconds of each turn] [keys]
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { withCache } from "@org/cache";
import { runProcess, startPrivateCache } from "@org/testkit";
import { median, pairedRatio } from "../compare/statistics.ts";
import { createClosedLoop } from "../engine/closed-loop.ts";
import { percentile } from "../engine/histogram.ts";
import { keyDigits, keyName, type CommandPlan, type KeyPlan, type LoadPlan } from "../engine/load-plan.ts";
import { createRecorder } from "../engine/measurement.ts";
import { machineUse, readMachine } from "../machine.ts";
import { readFacts } from "../server/facts.ts";

interface Case {
  readonly command: "GET" | "SET";
  readonly bytes: number;
  readonly pipeline: number;
}

/** What one side did in one turn, or in several. */
interface Turn {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Processor time of the client and of the server, seconds. */
  readonly client: number;
  readonly server: number;
}

interface Round {
  readonly peer: Turn;
  readonly own: Turn;
}

// One key unless told, as redis-benchmark has it by default.
const [rounds, seconds, keyCount] = [Number(process.argv[2] ?? 21), Number(process.argv[3] ?? 0.5), Number(process.argv[4] ?? 1)];
const cases = ([1, 16] as const).flatMap((pipeline) => ([3, 1024] as const).flatMap((bytes) => (["GET", "SET"] as const).map((command): Case => ({ command, bytes, pipeline }))));
// So that redis-benchmark, which counts requests, runs for about as long.
const expectedRate = { 1: 70_000, 16: 800_000 } as const;

/** Cores of other programs beyond which a round tells of them, and is made again. */
const mostOfOthers = 0.1;
const longestWaitMs = 60_000;
let disturbed = 0;

const cache = await startPrivateCache({ password: null });
// Debian's package redis-tools: beside the server that the testkit unpacked, or installed.
const unpacked = join(homedir(), ".cache/platform-scripts/cache-server/root/usr");
const peerProgram = [join(unpacked, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)].map((folder) => join(folder, "redis-benchmark")).find((file) => existsSync(file)) ?? "redis-benchmark";
const peerLibraries = globSync(join(unpacked, "lib/*-linux-gnu")).join(delimiter);
try {
  const found = new Map<Case, Round[]>(cases.map((each) => [each, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const each of cases) {
      await preload(each);
      const figures = await undisturbed(() => inTurns(each));
      // During the first round the engine's code is compiled, on the core that the server needs.
      if (round > 0) found.get(each)!.push(figures);
    }
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  process.stdout.write(`${table(found)}\n\npeak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB; ${disturbed} rounds of a case were made again because other programs used more than ${mostOfOthers} cores\n`);
} finally {
  await cache.stop();
}

/** A machine whose speed changes steadily meanwhile changes both sides alike. */
async function inTurns(each: Case): Promise<Round> {
  const first = await runPeer(each);
  const own = [await runOwn(each), await runOwn(each)];
  return { own: together(own), peer: together([first, await runPeer(each)]) };
}

function together(turns: readonly Turn[]): Turn {
  const sum = (of: (turn: Turn) => number): number => turns.reduce((total, turn) => total + of(turn), 0);
  return { requests: sum((turn) => turn.requests), seconds: sum((turn) => turn.seconds), p99: sum((turn) => turn.p99) / turns.length, client: sum((turn) => turn.client), server: sum((turn) => turn.server) };
}

/** Makes a round again when other programs took part of the machine, after they have ended. */
async function undisturbed(measure: () => Promise<Round>): Promise<Round> {
  for (;;) {
    const before = await readMachine();
    const round = await measure();
    const known = round.peer.client + round.peer.server + round.own.server;
    if ((machineUse([before, await readMachine()], known)?.others ?? 0) <= mostOfOthers) return round;
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
  const command = commandOf({ command: "SET", bytes, pipeline: 1 });
  await runLoop({ command, pipeline: 64, keys: { ...keysOf(), distribution: "sequential" }, total: keyCount });
}

async function runOwn(each: Case): Promise<Turn> {
  return runLoop({ command: commandOf(each), pipeline: each.pipeline, keys: keysOf(), total: Infinity });
}

/** In this process, so that the code stays compiled from turn to turn. */
async function runLoop({ command, total, ...plan }: { readonly command: CommandPlan; readonly total: number } & Pick<LoadPlan, "pipeline" | "keys">): Promise<Turn> {
  const address = { host: "127.0.0.1", port: cache.port, socket: undefined, tls: false, user: undefined, password: undefined, database: 0, protocol: 2 } as const;
  const recorder = createRecorder(1, false);
  const load = await createClosedLoop({ ...plan, address, commands: [command], connections: 50, seed: 1, client: "raw", model: { kind: "closed", warmupMs: 0, durationMs: seconds * 1000 } }, recorder, total);
  const before = await serverSeconds();
  recorder.reset();
  const work = load.run(performance.now());
  await Promise.race([setTimeout(seconds * 1000), work]);
  load.stop();
  await work;
  const { commands, startedAt, endedAt, cpuMs } = recorder.take();
  const server = (await serverSeconds()) - before;
  load.close();
  const { raw, counts } = commands[0]!;
  if (counts.ok !== raw.count) throw new Error(`${raw.count - counts.ok} of ${raw.count} replies to ${command.name} are not as expected`);
  return { requests: raw.count, seconds: (endedAt - startedAt) / 1000, p99: percentile(raw, 99), client: cpuMs / 1000, server };
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

async function runPeer({ command, bytes, pipeline }: Case): Promise<Turn> {
  const requests = Math.round(expectedRate[pipeline as 1 | 16] * seconds);
  const [key, random] = keyCount === 1 ? [keyName(keysOf(), 0), []] : ["key:__rand_int__", ["-r", String(keyCount)]];
  const words = command === "GET" ? ["GET", key] : ["SET", key, "x".repeat(bytes)];
  const args = ["-p", String(cache.port), "-c", "50", "-P", String(pipeline), "-n", String(requests), ...random, "--csv", ...words];
  const before = await serverSeconds();
  const { stdout, stderr, exitCode } = await runProcess("bash", ["-c", 'TIMEFORMAT="cpu %3U %3S"; time "$0" "$@"', peerProgram, ...args], { env: { LD_LIBRARY_PATH: peerLibraries } });
  const server = (await serverSeconds()) - before;
  const cells = stdout.trim().split("\n").at(-1)!.split('","').map((cell) => Number(cell.replaceAll('"', "")));
  const [, rate, , , , , p99] = cells;
  const [, user, system] = /^cpu (\S+) (\S+)$/mu.exec(stderr) ?? [];
  if (exitCode !== 0 || rate === undefined || p99 === undefined || !(rate > 0)) throw new Error(`redis-benchmark: ${stdout}${stderr}`);
  return { requests, seconds: requests / rate, p99, client: Number(user) + Number(system), server };
}

function table(found: ReadonlyMap<Case, readonly Round[]>): string {
  const rows = [...found].map(([{ command, bytes, pipeline }, all]) => {
    const [peer, own] = [all.map((round) => round.peer), all.map((round) => round.own)];
    const whole = (turns: readonly Turn[]): string => Math.round(median(turns.map(rateOf))).toLocaleString("en");
    const cells = (of: (turn: Turn) => number): readonly string[] => [peer, own].map((turns) => median(turns.map(of)).toFixed(2));
    const tail = [...cells(({ p99 }) => p99), median(all.map((round) => round.own.p99 / round.peer.p99)).toFixed(2), ...cells(clientPerRequest), ...cells(({ server, requests }) => (server * 1e6) / requests), ...cells(serverCores)];
    return `| ${[command, `${bytes} B`, pipeline, whole(peer), whole(own), ratioOf(own.map(rateOf), peer.map(rateOf)), ...tail].join(" | ")} |`;
  });
  const columns = ["command", "value", "pipeline", "redis-benchmark ops/s", "engine ops/s", "ratio (95 %)", "redis-benchmark p99 ms", "engine p99 ms", "ratio", "redis-benchmark CPU µs/op", "engine CPU µs/op"];
  const servers = ["server CPU µs/op, redis-benchmark", "server CPU µs/op, engine", "server cores, redis-benchmark", "server cores, engine"];
  return [`| ${[...columns, ...servers].join(" | ")} |`, "|---".repeat(columns.length + servers.length) + "|", ...rows].join("\n");
}

function rateOf({ requests, seconds: time }: Turn): number {
  return requests / time;
}

/** Microseconds; it tells also where others keep the machine busy. */
function clientPerRequest({ client, requests }: Turn): number {
  return (client * 1e6) / requests;
}

/** Near 1 the server is the limit, and a client can do no more. */
function serverCores(turn: Turn): number {
  return (turn.server / turn.requests) * rateOf(turn);
}

function ratioOf(own: readonly number[], peer: readonly number[]): string {
  const told = pairedRatio(own, peer);
  return told === undefined ? median(own.map((value, index) => value / peer[index]!)).toFixed(2) : `${told.ratio.toFixed(2)} (${told.low.toFixed(2)}–${told.high.toFixed(2)})`;
}
