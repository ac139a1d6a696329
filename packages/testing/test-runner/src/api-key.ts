/** What a Supabase key says of itself. */
export interface ApiKey {
  /** "anon" is for browsers, "service" for servers only; "other" is a JWT with another role, "unreadable" neither. */
  readonly kind: "anon" | "service" | "other" | "unreadable";
  readonly role: string | undefined;
  /** The project that it belongs to. */
  readonly project: string | undefined;
  /** Seconds since 1970. */
  readonly expiresAt: number | undefined;
  readonly issuer: string | undefined;
}

const nothing = { role: undefined, project: undefined, expiresAt: undefined, issuer: undefined };

/** Reads keys of the new kind (sb_publishable_, sb_secret_) and JWTs; the signature is not checked, because only the server has the secret for it. */
export function readApiKey(text: string): ApiKey {
  if (text.startsWith("sb_publishable_")) return { ...nothing, kind: "anon", role: "publishable" };
  if (text.startsWith("sb_secret_")) return { ...nothing, kind: "service", role: "secret" };
  const claims = claimsOf(text);
  if (claims === undefined) return { ...nothing, kind: "unreadable" };
  const role = textOf(claims["role"]);
  return {
    kind: role === "anon" ? "anon" : role === "service_role" ? "service" : "other",
    role,
    project: textOf(claims["ref"]),
    expiresAt: typeof claims["exp"] === "number" ? claims["exp"] : undefined,
    issuer: textOf(claims["iss"]),
  };
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    // No JSON inside: it is no JWT, which the caller reports.
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
