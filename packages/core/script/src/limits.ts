import type { Finding } from "./check.ts";
import type { PlatformConfig } from "./config.ts";
import { fail, pass, warn } from "./findings.ts";

/** What a measured figure is held against; the source is "default" or "config". */
export interface Limit {
  readonly value: number;
  readonly source: string;
}

/** The limit of a check: `thresholds[id]` of the config, else the default. */
export function limitOf({ thresholds }: PlatformConfig, id: string, fallback: number): Limit {
  const value = thresholds?.[id];
  return value === undefined ? { value: fallback, source: "default" } : { value, source: "config" };
}

export interface Measurement {
  readonly value: number;
  readonly unit: string;
  readonly limit: Limit;
  readonly evidence: string;
  /** The next step where the figure is beyond the limit. */
  readonly remedy: string;
}

/** Passes up to the limit. Above a default, which is a guess, it warns; above a limit that somebody set, it fails. */
export function atMost(measured: Measurement): Finding {
  return held(measured, measured.value <= measured.limit.value);
}

/** Passes from the limit on. Below a default, which is a guess, it warns; below a limit that somebody set, it fails. */
export function atLeast(measured: Measurement): Finding {
  return held(measured, measured.value >= measured.limit.value);
}

function held({ value, unit, limit, evidence, remedy }: Measurement, within: boolean): Finding {
  const extra = { value: Math.round(value * 10) / 10, unit, threshold: limit };
  if (within) return pass(evidence, extra);
  return limit.source === "default" ? warn(evidence, remedy, extra) : fail(evidence, remedy, extra);
}
