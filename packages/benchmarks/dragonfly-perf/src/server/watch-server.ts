import { withCache } from "@org/cache";
import { readFacts, requestsOfFacts, type ServerFacts } from "./facts.ts";
import type { Target } from "./safety.ts";

export interface ServerWatch {
  readonly facts: readonly ServerFacts[];
  /** Requests that the watching itself has sent. */
  readonly requests: () => number;
}

const everyMs = 1_000;

/** Runs the work and meanwhile asks the server each second, on a connection of its own, and once more at the end. */
export async function watchServer({ url, setting }: Target, signal: AbortSignal, work: (watch: ServerWatch) => Promise<void>): Promise<readonly ServerFacts[]> {
  const facts: ServerFacts[] = [];
  let requests = 0;
  await withCache({ url, setting, clientName: "dragonfly-perf watch", signal }, async (client) => {
    const ask = async (): Promise<void> => {
      requests += requestsOfFacts;
      facts.push(await readFacts(client));
    };
    await ask();
    const state = { ended: false, asking: Promise.resolve() };
    const timer = setInterval(() => {
      state.asking = state.asking.then(() => (state.ended ? undefined : ask()));
      state.asking.catch(() => {
        // Seen at the end; when the session is lost before, that is what the run ends with.
      });
    }, everyMs);
    try {
      await work({ facts, requests: () => requests });
    } finally {
      state.ended = true;
      clearInterval(timer);
    }
    await state.asking;
    await ask();
  });
  return facts;
}
