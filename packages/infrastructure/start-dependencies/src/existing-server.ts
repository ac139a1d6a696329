import { ScriptError } from "@org/exit-codes";
import type { DependenciesRequest, Evidence, Service } from "./service.ts";

/** What answers, or does not, at the URL that somebody set. */
export type Existing =
  | { readonly state: "unset" }
  | { readonly state: "ready"; readonly url: string; readonly evidence: Evidence }
  | { readonly state: "silent"; readonly url: string; readonly reason: string };

/** Asks the server that DATABASE_URL or REDIS_URL names. Throws when --provider existing insists on it and it is not ready. */
export async function askExisting(service: Service, request: DependenciesRequest): Promise<Existing> {
  const url = request.urls[service.name];
  const insists = request.provider === "existing";
  if (url === undefined) {
    if (insists) throw new ScriptError("configuration", `${service.variable} is not set, and --provider existing needs it`, { hint: `Set ${service.variable}, or leave --provider out.` });
    return { state: "unset" };
  }
  const answer = await service.probe(url, request.signal);
  request.signal.throwIfAborted();
  if (answer.ready) return { state: "ready", url, evidence: answer };
  if (insists) throw new ScriptError("connection", `${service.title} at ${service.variable} is not ready: ${answer.reason}`, { hint: `Start that server, correct ${service.variable}, or leave --provider out.` });
  return { state: "silent", url, reason: answer.reason };
}

/** Whether a URL names the port of this machine that our own server uses. */
export function namesPort(url: string, port: number): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname) && parsed.port === String(port);
}
