import { freePort } from "@org/start-dependencies/servers";

/** A port of 127.0.0.1 that refuses connections. */
export function closedPort(): Promise<number> {
  return freePort();
}
