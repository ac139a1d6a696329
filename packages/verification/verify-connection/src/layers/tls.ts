import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { isScriptError } from "@org/exit-codes";
import { describePostgresUrl, tlsOptions } from "@org/postgres";
import { atLeast, fail, limitOf, skipped, warn, type Check, type CheckRun, type Finding, type Limit } from "@org/script";
import type { TlsFacts } from "../connection-data.ts";
import { dial } from "./address.ts";
import { addressOf, isLocal, layerFailure, withinLayer, type Probe } from "./probe.ts";

export const tlsLayer: Check<Probe> = { id: "postgres.tls", title: "The connection is encrypted as DATABASE_URL asks", run: encrypted };

async function encrypted(probe: Probe, { signal }: CheckRun): Promise<Finding> {
  const address = addressOf(probe);
  if (address.host.startsWith("/")) return skipped("a Unix socket needs no encryption");
  if (address.sslMode === "disable") return plain(probe, "sslmode=disable");
  const target = probe.addresses.find(({ ms }) => ms !== null)?.address ?? address.host;
  const socket = dial(probe, target);
  try {
    probe.tls = await withinLayer(handshake(socket, probe), signal);
  } catch (error) {
    signal.throwIfAborted();
    return isScriptError(error) ? fail(error.message, error.hint ?? "Correct DATABASE_URL.", { code: error.code }) : layerFailure(error, probe);
  } finally {
    socket.destroy();
  }
  return probe.tls === null ? withoutTls(probe) : tlsFinding(probe.tls, limitOf(probe.config, "postgres.tls", 14));
}

/** The first eight bytes of a session that asks for TLS; the server answers with S or N. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Null where the server answers that it has no TLS. */
async function handshake(socket: Socket, probe: Probe): Promise<TlsFacts | null> {
  const options = await tlsOptions(addressOf(probe));
  if (socket.connecting) await once(socket, "connect");
  socket.write(sslRequest);
  const answer = await firstByte(socket);
  if (answer === "N") return null;
  if (answer !== "S") throw Object.assign(new Error(`it answered the request for TLS with ${JSON.stringify(answer)}: that is no Postgres`), { syscall: "read" });
  const { host } = addressOf(probe);
  const secured = connectTls({ ...options, socket, host, ...(isIP(host) === 0 && { servername: host }) });
  await once(secured, "secureConnect");
  return factsOf(secured);
}

async function firstByte(socket: Socket): Promise<string> {
  const closed = once(socket, "close").then(() => {
    throw Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" });
  });
  closed.catch(() => {
    // After the first byte nobody waits for it.
  });
  await Promise.race([once(socket, "readable"), closed]);
  const byte = socket.read(1) as Buffer | null;
  return byte === null ? closed : byte.toString("latin1");
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate();
  const validTo = new Date(certificate.valid_to);
  return {
    protocol: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().standardName,
    verified: socket.authorized,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validTo: validTo.toISOString(),
    daysLeft: Math.floor((validTo.getTime() - Date.now()) / 86_400_000),
  };
}

function nameOf(names: PeerCertificate["subject"] | undefined): string | null {
  const name: string | string[] | undefined = names?.CN ?? names?.O;
  return name === undefined ? null : String(name);
}

function withoutTls(probe: Probe): Finding {
  const { sslMode } = addressOf(probe);
  if (sslMode === "prefer") return plain(probe, "the server offers no TLS");
  return fail(`${describePostgresUrl(probe.url)} does not speak TLS, which sslmode=${sslMode} asks for`, "Switch TLS on in the server (ssl = on), or use sslmode=prefer.", {
    code: "connection",
  });
}

function plain(probe: Probe, reason: string): Finding {
  if (isLocal(addressOf(probe))) return skipped(`${reason}, and the address is this host's own`);
  return warn(`${reason}: everything travels in clear text, the data too`, "Switch TLS on in the server and write sslmode=verify-full into DATABASE_URL.");
}

export function tlsFinding(facts: TlsFacts, limit: Limit): Finding {
  const { protocol, daysLeft, verified, subject } = facts;
  const trust = verified ? "verified" : "not verified, because sslmode does not ask for it";
  const evidence = `${protocol}, certificate of ${subject ?? "an unnamed subject"} (${trust}) ${daysLeft < 0 ? `expired ${-daysLeft} days ago` : `valid for ${daysLeft} more days`}`;
  if (/^(SSL|TLSv1$|TLSv1\.[01])/.test(protocol)) return warn(evidence, "Raise the server's ssl_min_protocol_version to TLSv1.2.");
  return atLeast({ value: daysLeft, unit: "days", limit, evidence, remedy: "Renew the server's certificate." });
}
