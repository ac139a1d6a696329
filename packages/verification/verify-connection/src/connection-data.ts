import type { CheckResult, Verdict } from "@org/script";

/** One step of the way to the database. */
export interface Layer {
  readonly name: "config" | "dns" | "tcp" | "tls" | "auth" | "database" | "query";
  readonly verdict: Verdict;
  /** Milliseconds; null where it was skipped or not reached. */
  readonly ms: number | null;
}

/** One address of the host, tried by itself. */
export interface AddressFacts {
  readonly address: string;
  /** Milliseconds until the connection was open; null where it was not. */
  readonly ms: number | null;
  readonly error: string | null;
}

export interface TlsFacts {
  /** Such as "TLSv1.3". */
  readonly protocol: string;
  readonly cipher: string;
  /** Whether the certificate was checked against an authority and held. */
  readonly verified: boolean;
  readonly subject: string | null;
  readonly issuer: string | null;
  /** ISO 8601. */
  readonly validTo: string;
  readonly daysLeft: number;
}

/** What the server told; null is what was not asked or not answered. */
export interface ServerFacts {
  readonly version: string | null;
  readonly role: string | null;
  readonly superuser: boolean | null;
  readonly replica: boolean | null;
  readonly readOnlyByDefault: boolean | null;
  /** Whether something between hands out the server's sessions. */
  readonly pooler: "none" | "session" | "transaction" | null;
  readonly connections: { readonly used: number; readonly limit: number } | null;
  /** Server clock minus ours, in milliseconds. */
  readonly clockOffsetMs: number | null;
}

export interface ConnectionData {
  /** `user@host:port/database`, without the password; null for a URL that cannot be read. */
  readonly target: string | null;
  /** The layer that failed; null when all hold. */
  readonly failedLayer: Layer["name"] | null;
  readonly layers: readonly Layer[];
  readonly addresses: readonly AddressFacts[];
  /** Null for a plain connection, or when TLS was not reached. */
  readonly tls: TlsFacts | null;
  readonly server: ServerFacts;
}

const layerNames: readonly Layer["name"][] = ["config", "dns", "tcp", "tls", "auth", "database", "query"];

/** The layers as the checks `postgres.<layer>` found them. */
export function layersOf(checks: readonly CheckResult[]): Layer[] {
  return layerNames.flatMap((name) => {
    const check = checks.find(({ id }) => id === `postgres.${name}`);
    if (check === undefined) return [];
    const { verdict, value, unit, durationMs } = check;
    const ran = verdict === "pass" || verdict === "warn" || verdict === "fail";
    return [{ name, verdict, ms: ran ? (unit === "ms" && typeof value === "number" ? value : durationMs || null) : null }];
  });
}
