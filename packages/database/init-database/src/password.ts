import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** A password of 256 random bits that needs no escape in a URL, in SQL or in a shell. */
export function generatePassword(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * What Postgres stores for a password (RFC 5802, SCRAM-SHA-256). Sent in its place, so that the password itself reaches neither the
 * server nor its log. The password must be ASCII.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

// As Postgres does by default. More would only slow the logins: nobody guesses 256 random bits.
const iterations = 4096;

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
