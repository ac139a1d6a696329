import { isScriptError } from "@org/exit-codes";
import { withClient, withDatabase } from "@org/postgres";
import { postgresDataDir } from "./home.ts";
import { postgresOfDataDir, postgresStopSteps } from "./postgres-server.ts";
import type { Readiness } from "./server-process.ts";
import type { Evidence, Service } from "./service.ts";

export const postgres: Service = {
  name: "postgres",
  title: "Postgres",
  variable: "DATABASE_URL",
  portFlag: "--postgres-port",
  probe: postgresReady,
  url: ({ port, password, database }) => withDatabase(`postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/`, database),
  dataDir: postgresDataDir,
  running: (home) => postgresOfDataDir(postgresDataDir(home)),
  stopSteps: postgresStopSteps,
  tryAgain: /pre-existing shared memory block|lock file "postmaster\.pid" already exists/u,
};

const patienceMs = 2_000;

/** Whether Postgres answers a query at the URL. A database that does not exist yet is a note, because the server is ready to make it. */
export async function postgresReady(url: string, signal?: AbortSignal): Promise<Readiness<Evidence>> {
  try {
    return await ask(url, signal);
  } catch (error) {
    if (!isScriptError(error)) throw error;
    if (sqlState(error) !== "3D000") return { ready: false, reason: error.message };
  }
  return withoutDatabase(url, signal);
}

async function withoutDatabase(url: string, signal: AbortSignal | undefined): Promise<Readiness<Evidence>> {
  try {
    const note = `the database ${decodeURIComponent(new URL(url).pathname.slice(1))} does not exist yet; npx @org/init-database makes it`;
    return { ...(await ask(withDatabase(url, "postgres"), signal)), note };
  } catch (error) {
    if (!isScriptError(error)) throw error;
    return { ready: false, reason: error.message };
  }
}

async function ask(url: string, signal: AbortSignal | undefined): Promise<Evidence & { readonly ready: true }> {
  const started = performance.now();
  return withClient({ url, applicationName: "start-dependencies", connectTimeoutMs: patienceMs, statementTimeoutMs: patienceMs, signal }, async (client) => {
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    const version = rows[0]?.server_version.split(" ")[0] ?? "";
    return { ready: true, server: `Postgres ${version}`, version, durationMs: performance.now() - started };
  });
}

function sqlState(error: Error): string | undefined {
  return (error.cause as { readonly code?: string } | undefined)?.code;
}
