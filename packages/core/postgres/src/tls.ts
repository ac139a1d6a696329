import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { ScriptError } from "@org/exit-codes";
import type { PostgresAddress } from "./url.ts";

/** false is a plain-text connection. */
export type TlsOptions = ConnectionOptions | false;

/**
 * What node-postgres needs for the URL's sslmode to mean what it means in libpq. Throws a ScriptError (configuration)
 * when a certificate cannot be read.
 */
export async function tlsOptions(address: PostgresAddress): Promise<TlsOptions> {
  if (address.sslMode === "disable" || address.host.startsWith("/")) return false;
  const ca = address.sslRootCert === "system" ? undefined : await readCertificate("sslrootcert", address.sslRootCert);
  if (address.sslMode === "verify-ca" && ca === undefined) {
    throw new ScriptError("configuration", "sslmode=verify-ca needs the certificate of the authority to trust", {
      hint: "Add sslrootcert=/path/to/ca.pem to DATABASE_URL, or use sslmode=verify-full.",
    });
  }
  const cert = await readCertificate("sslcert", address.sslCert);
  const key = await readCertificate("sslkey", address.sslKey);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...verification(address, ca !== undefined) };
}

function verification({ sslMode }: PostgresAddress, hasAuthority: boolean): ConnectionOptions {
  if (sslMode === "verify-full") return {};
  // As in libpq, a root certificate turns require into verify-ca.
  if (sslMode === "verify-ca" || (sslMode === "require" && hasAuthority)) return { checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}

async function readCertificate(parameter: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ScriptError("configuration", `the file of ${parameter} cannot be read: ${reason}`, {
      hint: `Correct ${parameter} in DATABASE_URL.`,
      cause,
    });
  }
}
