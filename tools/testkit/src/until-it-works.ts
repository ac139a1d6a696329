import { setTimeout as delay } from "node:timers/promises";

/** Tries until it works, for ten seconds; then throws the last error. */
export async function untilItWorks<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + 10_000; ; await delay(100)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
