import { setTimeout as delay } from "node:timers/promises";
import { isScriptError } from "@org/exit-codes";
import { toPostgresError, type PostgresAddress } from "@org/postgres";
import { fail, type Finding, type PlatformConfig } from "@org/script";
import type { AddressFacts, TlsFacts } from "../connection-data.ts";

/** What each layer finds and the next one stands on. */
export interface Probe {
  readonly url: string;
  readonly config: PlatformConfig;
  address?: PostgresAddress;
  addresses: readonly AddressFacts[];
  tls: TlsFacts | null;
}

/** Milliseconds that one layer may take. */
export const layerTimeoutMs = 5_000;

/** The probe's address; a layer is only reached when the one that reads it held. */
export function addressOf({ address }: Probe): PostgresAddress {
  if (address === undefined) throw new Error("this layer was reached without an address");
  return address;
}

/** Whether the address leads to this host only. */
export function isLocal({ host }: PostgresAddress): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

/** Ends the wait for `work` at the layer's limit and on abort. */
export async function withinLayer<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const limit = delay(layerTimeoutMs, undefined, { signal: AbortSignal.any([signal, done.signal]) }).then(() => {
    throw Object.assign(new Error(`no answer within ${layerTimeoutMs} ms`), { code: "ETIMEDOUT" });
  });
  limit.catch(() => {
    // The race below reports it, unless the work was faster.
  });
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    done.abort();
  }
}

/** The failure of a layer, with the exit code of its cause; a bug keeps its stack. */
export function layerFailure(error: unknown, { url }: Probe): Finding {
  const told = toPostgresError(error, { url });
  if (!isScriptError(told)) throw told;
  return fail(told.message, told.hint ?? "Look into the server's log.", told.code === "general" ? {} : { code: told.code });
}
