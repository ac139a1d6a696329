import { clear, copyOf, createHistogram, type Histogram } from "./histogram.ts";
import { createReplyCounts, type ReplyCounts } from "./expectations.ts";

/** What one command did in one interval. */
interface CommandSample {
  /** From sending a request to its reply. */
  readonly raw: Histogram;
  /** From the intended start of a request to its reply; only where there is a rate. */
  readonly corrected: Histogram | undefined;
  readonly counts: ReplyCounts;
}

/** What a worker measured in one interval, mostly a second. */
export interface Sample {
  readonly commands: readonly CommandSample[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly reconnects: number;
  /** How late requests were sent although a connection was free: the fault of this program. */
  readonly lag: Histogram | undefined;
  /** Processor time of the worker's thread, milliseconds. */
  readonly cpuMs: number;
  /** The part of the interval, from 0 to 1, in which the worker's event loop had something to do. */
  readonly busy: number;
  /** Whether it holds only replies that came after the end of the measured time. */
  readonly isTail: boolean;
}

/** Collects the present interval; recording goes into fields that exist. */
export interface Recorder {
  readonly commands: readonly CommandSample[];
  readonly lag: Histogram | undefined;
  bytesSent: number;
  bytesReceived: number;
  reconnects: number;
  /** Time in which the event loop waited for replies without sleeping. */
  awaitedMs: number;
  /** Requests since the beginning, the warm-up included. */
  requestsSoFar: number;
  /** Ends the interval and begins the next one. */
  take(): Sample;
  /** Forgets what was recorded, such as the warm-up. */
  reset(): void;
}

/** Milliseconds since the epoch, steady: it follows no step of the system's clock. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

export function createRecorder(commands: number, isOpen: boolean): Recorder {
  let startedAt = now();
  let cpu = threadCpuMs();
  let utilization = performance.eventLoopUtilization();
  const restart = (): void => {
    for (const { raw, corrected, counts } of recorder.commands) {
      clear(raw);
      if (corrected !== undefined) clear(corrected);
      Object.assign(counts, { ok: 0, misses: 0, wrong: 0 });
      counts.errors.clear();
    }
    if (recorder.lag !== undefined) clear(recorder.lag);
    Object.assign(recorder, { bytesSent: 0, bytesReceived: 0, reconnects: 0, awaitedMs: 0 });
    startedAt = now();
    cpu = threadCpuMs();
    utilization = performance.eventLoopUtilization();
  };
  const recorder: Recorder = {
    commands: Array.from({ length: commands }, () => ({ raw: createHistogram(), corrected: isOpen ? createHistogram() : undefined, counts: createReplyCounts() })),
    lag: isOpen ? createHistogram() : undefined,
    bytesSent: 0,
    bytesReceived: 0,
    reconnects: 0,
    awaitedMs: 0,
    requestsSoFar: 0,
    take: () => {
      const { bytesSent, bytesReceived, reconnects, awaitedMs, lag } = recorder;
      const endedAt = now();
      const sample: Sample = {
        commands: recorder.commands.map(({ raw, corrected, counts }) => ({
          raw: copyOf(raw),
          corrected: corrected && copyOf(corrected),
          counts: { ...counts, errors: new Map(counts.errors) },
        })),
        startedAt,
        endedAt,
        bytesSent,
        bytesReceived,
        reconnects,
        lag: lag && copyOf(lag),
        cpuMs: threadCpuMs() - cpu,
        busy: Math.max(0, performance.eventLoopUtilization(utilization).utilization - awaitedMs / (endedAt - startedAt)),
        isTail: false,
      };
      restart();
      return sample;
    },
    reset: restart,
  };
  return recorder;
}

/** Of this thread where Node tells it (22.19 and 23.9 on), else of the process. */
function threadCpuMs(): number {
  const { user, system } = typeof process.threadCpuUsage === "function" ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1000;
}
