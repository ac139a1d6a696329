import { serverVersion } from "@org/postgres";
import { atMost, fail, limitOf, pass, skipped, unknown, warn, type Check, type Finding, type Limit } from "@org/script";
import { row, type SecondSession, type SessionContext } from "./session-context.ts";

export const serverChecks: readonly Check<SessionContext>[] = [
  { id: "postgres.version", title: "The server's version is maintained", run: maintained },
  { id: "postgres.writable", title: "The server takes writes", run: takesWrites },
  { id: "postgres.replication-lag", title: "A replica is close behind its primary", run: lag },
  { id: "postgres.pooler", title: "Sessions are the server's own", run: ownSessions },
  { id: "postgres.connections", title: "There is room for more sessions", run: sessionsLeft },
  { id: "postgres.clock", title: "The clocks agree", run: clocksAgree },
];

async function maintained({ client, facts }: SessionContext): Promise<Finding> {
  const { number, text } = await serverVersion(client);
  facts.version = text;
  return versionFinding({ major: Math.floor(number / 10_000), text, today: new Date() });
}

/** A major version gets its last fixes in the November five years after its first: 13 in 2025, 18 in 2030. */
export function versionFinding({ major, text, today }: { readonly major: number; readonly text: string; readonly today: Date }): Finding {
  const lastYear = major + 2012;
  const evidence = `PostgreSQL ${text}, maintained until November ${lastYear}`;
  if (today < new Date(Date.UTC(lastYear, 11, 1))) return pass(evidence, { value: text });
  return warn(`PostgreSQL ${text} gets no fixes since November ${lastYear}`, "Upgrade the server to a maintained major version.", { value: text });
}

async function takesWrites(context: SessionContext): Promise<Finding> {
  const { facts } = context;
  const { replica } = await row<{ replica: boolean }>(context, "SELECT pg_is_in_recovery() AS replica");
  facts.replica = replica;
  if (replica) return warn("the server is a replica: it takes no writes", "Let DATABASE_URL name the primary for migrations and for an application that writes.");
  if (facts.second === undefined) return noSecondSession();
  facts.readOnlyByDefault = facts.second.readOnlyByDefault;
  if (!facts.readOnlyByDefault) return pass("a primary, whose sessions may write");
  return warn(
    "a primary, whose sessions are read-only unless they ask (default_transaction_read_only = on)",
    "Look for it in postgresql.conf, ALTER DATABASE and ALTER ROLE ... SET.",
  );
}

function noSecondSession(): Finding {
  return unknown("a second session was refused, so it cannot be told", "Mend postgres.auth first.");
}

const lagQuery = `
  SELECT pg_is_in_recovery() AS replica,
    CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() THEN 0
      WHEN pg_is_in_recovery() THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS seconds`;

async function lag(context: SessionContext): Promise<Finding> {
  const { replica, seconds } = await row<{ replica: boolean; seconds: number | null }>(context, lagQuery);
  if (!replica) return skipped("the server is a primary");
  if (seconds === null) return unknown("the replica has replayed no transaction yet", "Look at pg_stat_wal_receiver on the replica and into its log.");
  return atMost({
    value: seconds,
    unit: "s",
    limit: limitOf(context.config, "postgres.replication-lag", 10),
    evidence: seconds === 0 ? "everything received is replayed" : "time since the last replayed transaction, with more received",
    remedy: "Look at the replica's load, long queries on it and pg_stat_replication on the primary.",
  });
}

async function ownSessions(context: SessionContext): Promise<Finding> {
  const { facts } = context;
  if (facts.second === undefined) return noSecondSession();
  const { pid } = await row<{ pid: number }>(context, "SELECT pg_backend_pid() AS pid");
  facts.pooler = poolerMode(facts.second, pid);
  return poolerFinding(facts.pooler);
}

/**
 * Two open sessions with one process, or one session that changes its process, share; a process that the login did not name is another's.
 * `pidNow` is the process that answers the first session now.
 */
export function poolerMode({ firstPid, secondPid, announcedPid }: SecondSession, pidNow: number): "none" | "session" | "transaction" {
  if (firstPid === secondPid || pidNow !== firstPid) return "transaction";
  return announcedPid === undefined || announcedPid === secondPid ? "none" : "session";
}

function poolerFinding(mode: "none" | "session" | "transaction"): Finding {
  if (mode === "none") return pass("no pooler is between");
  if (mode === "session") return pass("a pooler is between, and was not seen to share a session");
  const evidence = "a pooler in transaction mode is between: session settings, advisory locks, LISTEN and prepared statements do not hold";
  return warn(evidence, "Let DATABASE_URL of migrations name the server itself or a pooler in session mode (Supabase: port 5432).");
}

// Of other roles' sessions only pid, database and role are visible to everybody; their type is then null.
const sessionsQuery = `
  SELECT count(*)::int AS used, count(*) FILTER (WHERE usesysid = r.oid)::int AS own, r.rolconnlimit AS own_limit,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0) AS "limit"
  FROM pg_stat_activity a, pg_roles r
  WHERE r.rolname = current_user AND a.datid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'
  GROUP BY r.oid, r.rolconnlimit`;

interface Sessions {
  readonly used: number;
  readonly limit: number;
  readonly own: number;
  readonly own_limit: number;
}

async function sessionsLeft(context: SessionContext): Promise<Finding> {
  const sessions = await row<Sessions>(context, sessionsQuery);
  context.facts.connections = { used: sessions.used, limit: sessions.limit };
  return sessionsFinding(sessions, limitOf(context.config, "postgres.connections", 80));
}

export function sessionsFinding({ used, limit: most, own, own_limit: ownMost }: Sessions, limit: Limit): Finding {
  if (ownMost === 0) return fail("the role may hold no session (CONNECTION LIMIT 0)", "ALTER ROLE ... CONNECTION LIMIT -1;");
  const [server, role] = [(used / most) * 100, ownMost < 0 ? 0 : (own / ownMost) * 100];
  return atMost({
    value: Math.max(server, role),
    unit: "%",
    limit,
    evidence: `${used} of ${most} sessions are taken${ownMost < 0 ? "" : `, ${own} of the ${ownMost} that the role may have`}`,
    remedy: "Close idle sessions (pg_stat_activity shows them), put a pooler between, or raise max_connections.",
  });
}

async function clocksAgree(context: SessionContext): Promise<Finding> {
  const before = Date.now();
  const { server } = await row<{ server: number }>(context, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS server");
  const offsetMs = server - (before + Date.now()) / 2;
  context.facts.clockOffsetMs = Math.round(offsetMs);
  return clockFinding(offsetMs, limitOf(context.config, "postgres.clock", 2_000));
}

export function clockFinding(offsetMs: number, limit: Limit): Finding {
  return atMost({
    value: Math.abs(offsetMs),
    unit: "ms",
    limit,
    evidence: `the server's clock is ${Math.abs(Math.round(offsetMs))} ms ${offsetMs < 0 ? "behind" : "ahead of"} this host's`,
    remedy: "Synchronise both clocks (timedatectl, chrony): tokens, replication and history rely on them.",
  });
}
