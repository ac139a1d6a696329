import { isScriptError } from "@org/exit-codes";
import { describePostgresUrl, withClient } from "@org/postgres";
import { atMost, limitOf, pass, warn, type Check, type Finding } from "@org/script";
import { row, type SecondSession, type SessionContext } from "./session-context.ts";

/** The upper layers; they are answered on an open session. */
export const reachLayers: readonly Check<SessionContext>[] = [
  { id: "postgres.auth", title: "The server takes the login", run: logsIn },
  { id: "postgres.database", title: "The database exists and takes the role", run: ({ options }) => pass(describePostgresUrl(options.url)) },
  { id: "postgres.query", title: "A query is answered in time", run: answersInTime },
];

/** Logs in a second time: the first session's time includes the loading of the client library, and two tell more of a pooler than one. */
async function logsIn(context: SessionContext): Promise<Finding> {
  try {
    context.facts.second = await openSecond(context);
  } catch (error) {
    context.options.signal?.throwIfAborted();
    if (!isScriptError(error)) throw error;
    return warn(`one session was given and a second one refused: ${error.message}`, error.hint ?? "Look into the server's log.");
  }
  return atMost({
    value: context.facts.second.ms,
    unit: "ms",
    limit: limitOf(context.config, "postgres.auth", 250),
    evidence: "logged in; the time is for connection, TLS and login together",
    remedy: "Look at the distance to the server, its load and its way of authentication.",
  });
}

async function openSecond(context: SessionContext): Promise<SecondSession> {
  const { pid: firstPid } = await row<{ pid: number }>(context, "SELECT pg_backend_pid() AS pid");
  const started = performance.now();
  const { url, applicationName, signal } = context.options;
  return withClient({ url, applicationName, signal }, async (client) => {
    const ms = performance.now() - started;
    const { rows } = await client.query<{ pid: number; read_only: boolean }>(
      "SELECT pg_backend_pid() AS pid, current_setting('default_transaction_read_only') = 'on' AS read_only",
    );
    const { processID: announcedPid } = client as { readonly processID?: number };
    return { ms, firstPid, secondPid: rows[0]!.pid, announcedPid, readOnlyByDefault: rows[0]!.read_only };
  });
}

/** The median of five, because the first also warms up. */
async function answersInTime({ client, config }: SessionContext): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await client.query("SELECT 1");
    times.push(performance.now() - started);
  }
  return atMost({
    value: times.toSorted((a, b) => a - b)[2]!,
    unit: "ms",
    limit: limitOf(config, "postgres.query", 50),
    evidence: "SELECT 1, the median of 5 round trips",
    remedy: "Look at the distance to the server and its load.",
  });
}
