import type { WeightedSize } from "./engine/load-plan.ts";

const largest = 512 * 1024 * 1024;
/** A range becomes so many sizes of equal weight. */
const stepsOfRange = 16;

/** Reads "3", "32-1024" (evenly) or "64:9,1024:1" (sizes with weights). Throws an Error that says what was expected. */
export function parseSizes(text: string): WeightedSize[] {
  return text.split(",").flatMap((part) => {
    const [, from, to, weight] = /^\s*(\d+)(?:-(\d+))?(?::(\d+))?\s*$/u.exec(part) ?? [];
    const [low, high, share] = [Number(from), Number(to ?? from), Number(weight ?? 1)];
    if (from === undefined || low < 1 || high < low || high > largest || share < 1) throw new Error('expected bytes such as "3", "32-1024" or "64:9,1024:1"');
    if (low === high) return [{ bytes: low, weight: share }];
    const steps = Math.min(stepsOfRange, high - low + 1);
    return Array.from({ length: steps }, (_, step) => ({ bytes: Math.round(low + ((high - low) * step) / (steps - 1)), weight: share / steps }));
  });
}
