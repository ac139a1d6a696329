import type { TLSSocket } from "node:tls";
import { parseCacheUrl, ping, serverFlavour, withCache } from "@org/cache";
import { isScriptError } from "@org/exit-codes";
import { atLeast, atMost, limitOf, pass, skipped, warn, type Check, type Finding } from "@org/script";
import { asking, isLocal, type CacheContext } from "../cache-context.ts";

const names = { dragonfly: "Dragonfly", valkey: "Valkey", redis: "Redis" } as const;

export const sessionChecks: readonly Check<CacheContext>[] = [
  { id: "cache.ping", title: "PING is answered in time", run: asking("send PING", answersInTime) },
  { id: "cache.version", title: "The server names its flavour and version", run: asking("read INFO server", namesItself) },
  { id: "cache.auth", title: "The server asks for a password", run: asking("look whether a password is needed", asksForPassword) },
  { id: "cache.tls", title: "The connection is encrypted", run: encrypted },
];

/** The median of five, because the first also warms up. */
async function answersInTime({ cache, config }: CacheContext): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await ping(cache));
  const median = times.toSorted((a, b) => a - b)[2]!;
  return atMost({
    value: median,
    unit: "ms",
    limit: limitOf(config, "cache.ping", 25),
    evidence: "PONG, the median of 5 round trips",
    remedy: "Look at the distance to the server, its load and its slow log (SLOWLOG GET 10).",
  });
}

async function namesItself({ info }: CacheContext): Promise<Finding> {
  const { flavour, version } = serverFlavour({ server: await info("server") });
  if (flavour !== "unknown") return pass(`${names[flavour]} ${version ?? "of an unknown version"}`, version === undefined ? {} : { value: version });
  return warn("INFO tells neither Dragonfly, Valkey nor Redis", "Make sure that REDIS_URL names a server of these and not a proxy before it.");
}

/** Tries to enter without the login; only the server's own refusal is an answer. */
async function asksForPassword({ session }: CacheContext): Promise<Finding> {
  try {
    await withCache({ ...session, url: withoutLogin(session.url) }, ping);
  } catch (error) {
    if (isRefusal(error)) return pass("a session without a password is refused");
    throw error;
  }
  if (isLocal(session.url)) return pass("no password is asked for, and the address is this host's own");
  return warn(
    "everybody who reaches the address may use it: no password is asked for",
    "Set requirepass (or an ACL) in the server and write the password into REDIS_URL.",
  );
}

function withoutLogin(url: string): string {
  const { protocol, pathname, search, host } = new URL(url);
  return protocol === "unix:" ? `unix://${pathname}` : `${protocol}//${host}${pathname}${search}`;
}

function isRefusal(error: unknown): boolean {
  const cause = isScriptError(error) ? error.cause : error;
  return cause instanceof Error && /^(NOAUTH|DENIED)/.test(cause.message);
}

function encrypted({ cache, session, config }: CacheContext): Finding {
  const { tls, host } = parseCacheUrl(session.url);
  if (!tls && isLocal(session.url)) return skipped("the address is this host's own, and REDIS_URL asks for no TLS");
  if (!tls) return warn(`everything to ${host} travels in clear text`, "Switch TLS on in the server and write REDIS_URL as rediss://.");
  const stream = cache.stream as TLSSocket;
  const days = (Date.parse(stream.getPeerCertificate().valid_to) - Date.now()) / 86_400_000;
  return atLeast({
    value: Math.floor(days),
    unit: "days",
    limit: limitOf(config, "cache.tls", 14),
    evidence: `${stream.getProtocol()}, the certificate is valid for ${Math.floor(days)} more days`,
    remedy: "Renew the server's certificate.",
  });
}
