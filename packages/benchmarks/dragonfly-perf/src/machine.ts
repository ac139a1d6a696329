import { readFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";

/** Counters of the machine that this program runs on; null where it does not tell (only Linux does). */
export interface MachineFacts {
  /** Pages swapped in and out. */
  readonly swapped: number | null;
  /** Ticks that a hypervisor took away, and all ticks, over all cores. */
  readonly stolen: number | null;
  readonly ticks: number | null;
  /** Ticks in which nothing ran. */
  readonly idle: number | null;
  /** Processor time of this process with all its threads, seconds. */
  readonly own: number;
  /** The system's clock, which may be set, and one that only runs. Milliseconds. */
  readonly wallClock: number;
  readonly steadyClock: number;
}

export async function readMachine(proc = "/proc"): Promise<MachineFacts> {
  const [stat, memory] = await Promise.all([readIfThere(join(proc, "stat")), readIfThere(join(proc, "vmstat"))]);
  // user nice system idle iowait irq softirq steal
  const ticks = /^cpu\s+(.*)$/mu.exec(stat)?.[1]?.trim().split(/\s+/u).slice(0, 8).map(Number);
  const [swapIn, swapOut] = ["pswpin", "pswpout"].map((name) => new RegExp(`^${name} (\\d+)$`, "mu").exec(memory)?.[1]);
  return {
    swapped: swapIn === undefined || swapOut === undefined ? null : Number(swapIn) + Number(swapOut),
    stolen: ticks?.[7] ?? null,
    ticks: ticks?.reduce((sum, each) => sum + each, 0) ?? null,
    idle: ticks === undefined ? null : ticks[3]! + ticks[4]!,
    own: ownSeconds(),
    wallClock: Date.now(),
    steadyClock: performance.now(),
  };
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What the machine's cores did between two moments; null where the system does not tell. */
export interface MachineUse {
  /** The part of the processor time, from 0 to 1, that a hypervisor gave to others. */
  readonly stolen: number;
  /** Cores in which nothing ran. */
  readonly idle: number;
  /** Cores that ran other programs than this one and those that the caller knows of. */
  readonly others: number;
}

/** `knownSeconds` is the processor time of the programs beside this one that belong to the measurement, such as a local server. */
export function machineUse([before, after]: readonly [MachineFacts, MachineFacts], knownSeconds: number): MachineUse | null {
  if (before.ticks === null || after.ticks === null || after.ticks <= before.ticks) return null;
  const elapsed = (after.steadyClock - before.steadyClock) / 1000;
  const coresOf = (ticks: number): number => ticks / ticksPerSecond / elapsed;
  const [ticks, idle, stolen] = [after.ticks - before.ticks, after.idle! - before.idle!, after.stolen! - before.stolen!];
  const known = after.own - before.own + knownSeconds;
  return { stolen: stolen / ticks, idle: coresOf(idle), others: Math.max(0, coresOf(ticks - idle - stolen) - known / elapsed) };
}

/** The unit of /proc/stat, which Linux keeps for programs whatever the kernel's own is. */
const ticksPerSecond = 100;

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** The cores of this machine. */
export function coresHere(): number {
  return cpus().length;
}

/** The client's part of a fingerprint. */
export function describeMachine(version: string): { readonly cores: number; readonly processor: string; readonly kernel: string; readonly node: string; readonly version: string } {
  const processors = cpus();
  return { cores: processors.length, processor: processors[0]?.model.trim() ?? "unknown", kernel: release(), node: process.version, version };
}
