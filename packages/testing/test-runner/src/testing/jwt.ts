/** A JWT with these claims and no valid signature. */
export function jwt(claims: Readonly<Record<string, unknown>> | null): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`;
}
