import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { isScriptError } from "@org/exit-codes";
import { describePostgresUrl, parsePostgresUrl } from "@org/postgres";
import { atMost, fail, limitOf, pass, skipped, warn, type Check, type CheckRun, type Finding } from "@org/script";
import type { AddressFacts } from "../connection-data.ts";
import { addressOf, isLocal, layerFailure, withinLayer, type Probe } from "./probe.ts";

export const addressLayers: readonly Check<Probe>[] = [
  { id: "postgres.config", title: "DATABASE_URL can be read", run: readUrl },
  { id: "postgres.dns", title: "The host name resolves", run: resolveName },
  { id: "postgres.tcp", title: "A connection opens", run: openConnections },
];

function readUrl(probe: Probe): Finding {
  try {
    probe.address = parsePostgresUrl(probe.url);
  } catch (error) {
    if (!isScriptError(error)) throw error;
    return fail(error.message, error.hint ?? "Correct DATABASE_URL.", { code: error.code });
  }
  const { sslMode, unusedParameters } = probe.address;
  const unused = unusedParameters.length === 0 ? "" : `; without effect here: ${unusedParameters.join(", ")}`;
  return pass(`${describePostgresUrl(probe.url)}, sslmode=${sslMode}${unused}`);
}

async function resolveName(probe: Probe, { signal }: CheckRun): Promise<Finding> {
  const { host } = addressOf(probe);
  if (host.startsWith("/")) return skipped("the URL names a Unix socket");
  probe.addresses = [untried(host)];
  if (isIP(host) !== 0) return skipped(`the URL holds an address, ${host}`);
  const started = performance.now();
  try {
    const found = await withinLayer(lookup(host, { all: true }), signal);
    probe.addresses = [...new Set(found.map(({ address }) => address))].map(untried);
  } catch (error) {
    signal.throwIfAborted();
    return layerFailure(error, probe);
  }
  return atMost({
    value: performance.now() - started,
    unit: "ms",
    limit: limitOf(probe.config, "postgres.dns", 500),
    evidence: `${host} is ${probe.addresses.map(({ address }) => address).join(", ")}`,
    remedy: "Look at the name servers of this host (/etc/resolv.conf).",
  });
}

function untried(address: string): AddressFacts {
  return { address, ms: null, error: null };
}

async function openConnections(probe: Probe, { signal }: CheckRun): Promise<Finding> {
  const { host, port } = addressOf(probe);
  const targets = host.startsWith("/") ? [host] : probe.addresses.map(({ address }) => address);
  const tried = await Promise.all(targets.map((target) => tryAddress(probe, target, signal)));
  probe.addresses = tried.map(({ facts }) => facts);
  const open = tried.filter(({ error }) => error === undefined);
  if (open.length === 0) return layerFailure(tried[0]?.error, probe);
  return tcpFinding(probe, port);
}

function tcpFinding(probe: Probe, port: number): Finding {
  const [open, closed] = [probe.addresses.filter(({ ms }) => ms !== null), probe.addresses.filter(({ ms }) => ms === null)];
  const evidence = `${open.map(({ address }) => address).join(", ")} answered on port ${port}`;
  const silent = closed.map(({ address, error }) => `${address} did not (${error})`).join(", ");
  // A server that listens on one of localhost's two addresses is the ordinary case.
  if (closed.length > 0 && !isLocal(addressOf(probe))) {
    return warn(`${evidence}; ${silent}`, "Let the name point to addresses that answer, or make the server listen on all of them.");
  }
  return atMost({
    value: Math.min(...open.map(({ ms }) => ms ?? Infinity)),
    unit: "ms",
    limit: limitOf(probe.config, "postgres.tcp", 100),
    evidence: closed.length === 0 ? evidence : `${evidence}; ${silent}`,
    remedy: "Look at the distance to the server and the network between.",
  });
}

async function tryAddress(probe: Probe, address: string, signal: AbortSignal): Promise<{ readonly facts: AddressFacts; readonly error?: unknown }> {
  const started = performance.now();
  const socket = dial(probe, address);
  try {
    await withinLayer(once(socket, "connect"), signal);
    return { facts: { address, ms: Math.round((performance.now() - started) * 10) / 10, error: null } };
  } catch (error) {
    signal.throwIfAborted();
    return { facts: { address, ms: null, error: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, error };
  } finally {
    socket.destroy();
  }
}

/** A socket on its way to an address of the server; the caller waits for "connect" and destroys it. */
export function dial(probe: Probe, address: string): Socket {
  const { port } = addressOf(probe);
  return address.startsWith("/") ? connect(`${address}/.s.PGSQL.${port}`) : connect(port, address);
}
