import { ScriptError } from "@org/exit-codes";
import type { CacheClient } from "./client.ts";
import { describedError } from "./errors.ts";

/**
 * Sends PING and reads the answer: PONG and nothing else is an answer. Returns the round trip in milliseconds. Throws a
 * ScriptError (connection) with the reason for every other answer, such as NOAUTH, LOADING and MASTERDOWN.
 */
export async function ping(client: CacheClient): Promise<number> {
  const target = describeClient(client);
  const started = performance.now();
  let answer: unknown;
  try {
    answer = await client.ping();
  } catch (error) {
    throw describedError(error, { target });
  }
  if (answer === "PONG") return performance.now() - started;
  throw new ScriptError("connection", `${target} answered PING with ${JSON.stringify(answer)} instead of PONG`, {
    hint: "Let REDIS_URL name a Redis-compatible server.",
  });
}

function describeClient({ options }: CacheClient): string {
  return "path" in options && typeof options.path === "string" ? options.path : `${options.host}:${options.port}`;
}
