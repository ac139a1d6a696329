import type { ErrorCount } from "./engine/expectations.ts";
import { createHistogram, cumulative, mean, merge, percentile, standardDeviation, type Histogram } from "./engine/histogram.ts";
import type { Sample } from "./engine/measurement.ts";
import type { ClientUsage, CommandResult, Latency, SecondResult } from "./result.ts";

/** Everything that the workers told of one run. */
export interface Collected {
  readonly commands: readonly string[];
  /** Commands that look keys up, by their place. */
  readonly looksUp: readonly boolean[];
  readonly samples: readonly { readonly worker: number; readonly sample: Sample }[];
}

export interface Summary {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly total: CommandResult;
  readonly commands: readonly CommandResult[];
  readonly series: readonly SecondResult[];
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly reconnects: number;
  readonly client: ClientUsage;
}

/** Adds up what the workers measured. */
export function summarise({ commands, looksUp, samples }: Collected): Summary {
  const inTime = samples.filter(({ sample }) => !sample.isTail);
  const startedAt = Math.min(...inTime.map(({ sample }) => sample.startedAt));
  const durationMs = Math.max(...inTime.map(({ sample }) => sample.endedAt)) - startedAt;
  const each = commands.map((_, index) => addUp(samples.map(({ sample }) => sample), [index]));
  const all = addUp(samples.map(({ sample }) => sample), commands.map((_, index) => index));
  const sum = (of: (sample: Sample) => number): number => samples.reduce((total, { sample }) => total + of(sample), 0);
  return {
    startedAt,
    durationMs,
    total: describe("total", all, { durationMs, looksUp: looksUp.includes(true) }),
    commands: each.map((part, index) => describe(commands[index]!, part, { durationMs, looksUp: looksUp[index]! })),
    series: seriesOf(inTime, startedAt),
    bytesSent: sum(({ bytesSent }) => bytesSent),
    bytesReceived: sum(({ bytesReceived }) => bytesReceived),
    reconnects: sum(({ reconnects }) => reconnects),
    client: clientUsage(samples, durationMs),
  };
}

interface Part {
  readonly raw: Histogram;
  readonly corrected: Histogram | undefined;
  /** Replies that came in the measured time, and not after it. */
  readonly inTime: number;
  readonly ok: number;
  readonly misses: number;
  readonly wrong: number;
  readonly errors: ReadonlyMap<string, ErrorCount>;
}

function addUp(samples: readonly Sample[], places: readonly number[]): Part {
  const [raw, corrected, errors] = [createHistogram(), createHistogram(), new Map<string, ErrorCount>()];
  let [ok, misses, wrong, inTime, isOpen] = [0, 0, 0, 0, false];
  for (const sample of samples) {
    for (const place of places) {
      const command = sample.commands[place]!;
      merge(raw, command.raw);
      if (command.corrected !== undefined) merge(corrected, command.corrected);
      isOpen ||= command.corrected !== undefined;
      inTime += sample.isTail ? 0 : command.raw.count;
      ok += command.counts.ok;
      misses += command.counts.misses;
      wrong += command.counts.wrong;
      for (const [kind, { count, text }] of command.counts.errors) errors.set(kind, { count: (errors.get(kind)?.count ?? 0) + count, text: errors.get(kind)?.text || text });
    }
  }
  return { raw, corrected: isOpen ? corrected : undefined, inTime, ok, misses, wrong, errors };
}

function describe(name: string, part: Part, { durationMs, looksUp }: { readonly durationMs: number; readonly looksUp: boolean }): CommandResult {
  const { raw, corrected, inTime, ok, misses, wrong, errors } = part;
  return {
    name,
    count: raw.count,
    opsPerSecond: round((inTime / durationMs) * 1000, 1),
    raw: latencyOf(raw),
    corrected: corrected === undefined ? null : latencyOf(corrected),
    hitRate: looksUp && ok + misses > 0 ? round((ok / (ok + misses)) * 100, 3) : null,
    misses,
    wrongReplies: wrong,
    errors: Object.fromEntries([...errors].map(([kind, error]) => [kind, error.count])),
    errorTexts: Object.fromEntries([...errors].flatMap(([kind, { text }]) => (text === "" ? [] : [[kind, text]]))),
    percentiles: distribution(corrected ?? raw),
  };
}

/** The figures of a histogram, to three significant digits of a microsecond. */
export function latencyOf(histogram: Histogram): Latency {
  const figure = (value: number): number | null => (Number.isFinite(value) ? round(value, 4) : null);
  // Where not one operation lies beyond it, a percentile is not known.
  const at = (percent: number): number | null => (histogram.count * (1 - percent / 100) < 1 - 1e-9 ? null : figure(percentile(histogram, percent)));
  return {
    average: figure(mean(histogram)),
    deviation: figure(standardDeviation(histogram)),
    min: figure(histogram.min),
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max: histogram.count === 0 ? null : figure(histogram.max),
  };
}

const ticksPerHalf = 5;

/** Percentiles at the steps of HdrHistogram: the distance to 100 halves every five, down to one operation. */
function distribution(histogram: Histogram): (readonly [number, number])[] {
  if (histogram.count === 0) return [];
  const steps = cumulative(histogram);
  const points: (readonly [number, number])[] = [];
  let percent = 0;
  let place = 0;
  for (let half = 1; 100 / 2 ** half > 100 / histogram.count / 2 && half < 40; half++) {
    for (let tick = 0; tick < ticksPerHalf; tick++, percent += 100 / 2 ** half / ticksPerHalf) {
      while (place < steps.length - 1 && steps[place]!.count < (percent / 100) * histogram.count) place++;
      points.push([round(percent, 6), round(steps[place]!.upTo, 4)]);
    }
  }
  return [...points, [100, round(histogram.max, 4)]];
}

function seriesOf(samples: Collected["samples"], startedAt: number): SecondResult[] {
  const bySecond = new Map<number, Sample[]>();
  for (const { sample } of samples) {
    const second = Math.round((sample.endedAt - startedAt) / 1000);
    bySecond.set(second, [...(bySecond.get(second) ?? []), sample]);
  }
  return [...bySecond.values()].map((together) => {
    const { raw, corrected, errors, wrong } = addUp(together, together[0]!.commands.map((_, index) => index));
    const shown = latencyOf(corrected ?? raw);
    const elapsed = Math.max(...together.map(({ endedAt }) => endedAt)) - Math.min(...together.map((sample) => sample.startedAt));
    return {
      at: round((Math.max(...together.map(({ endedAt }) => endedAt)) - startedAt) / 1000, 2),
      opsPerSecond: round((raw.count / elapsed) * 1000, 1),
      p50: shown.p50,
      p99: shown.p99,
      max: shown.max,
      errors: wrong + [...errors.values()].reduce((sum, { count }) => sum + count, 0),
    };
  });
}

function clientUsage(samples: Collected["samples"], durationMs: number): ClientUsage {
  const inTime = samples.filter(({ sample }) => !sample.isTail);
  const busyOf = (worker: number): number => {
    const own = inTime.filter((each) => each.worker === worker).map(({ sample }) => sample);
    const elapsed = own.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
    return own.reduce((sum, { busy, startedAt, endedAt }) => sum + busy * (endedAt - startedAt), 0) / elapsed;
  };
  const lag = createHistogram();
  for (const { sample } of samples) if (sample.lag !== undefined) merge(lag, sample.lag);
  return {
    cpu: round(inTime.reduce((sum, { sample }) => sum + sample.cpuMs, 0) / durationMs, 3),
    busy: round(Math.max(...[...new Set(inTime.map(({ worker }) => worker))].map(busyOf)), 3),
    lag: lag.count === 0 ? null : latencyOf(lag),
  };
}

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
