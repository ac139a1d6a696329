import type { CheckResult, Verdict } from "../check.ts";
import type { Counts, Report } from "../report.ts";

/** A report of five checks, one of each verdict, for tests. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  const checks = changes.checks ?? sampleChecks;
  return {
    reportVersion: 1,
    script: "verify-connection",
    scriptVersion: "0.1.0",
    run: {
      id: "0196f3a0-7c1e-7a43-9d2f-3f6a5b1c2d4e",
      startedAt: "2025-06-17T10:30:00.000Z",
      endedAt: "2025-06-17T10:30:00.412Z",
      durationMs: 412,
      actor: "ada",
      host: "build-1",
      gitSha: null,
      environment: "development",
      arguments: ["--json"],
      dryRun: false,
    },
    verdict: "fail",
    exitCode: 6,
    checks,
    data: { server: "15.4" },
    error: null,
    ...changes,
    counts: changes.counts ?? countsOf(checks),
  };
}

export const sampleChecks: readonly CheckResult[] = [
  { id: "tcp", title: "A TCP connection opens", verdict: "pass", evidence: "localhost:5434 answered in 2 ms", value: 2, unit: "ms", durationMs: 2.4 },
  {
    id: "tls",
    title: "The connection is encrypted",
    verdict: "warn",
    evidence: "the server offers no TLS",
    remedy: "Set ssl = on in postgresql.conf and add sslmode=require to DATABASE_URL.",
    durationMs: 1,
  },
  {
    id: "query",
    title: "A query answers in time",
    verdict: "fail",
    evidence: "SELECT 1 took longer than it may",
    value: 240.129,
    unit: "ms",
    threshold: { value: 100, source: "config" },
    remedy: "Look at the load of the server with npx @org/verify-connection --json.",
    durationMs: 240.1,
  },
  {
    id: "rest",
    title: "Supabase REST answers",
    verdict: "unknown",
    evidence: "connect ECONNREFUSED 127.0.0.1:54321",
    remedy: "Start Supabase.",
    code: "connection",
    durationMs: 3,
  },
  { id: "pooler", title: "The pooler is in session mode", verdict: "skipped", evidence: "there is no pooler between", durationMs: 0 },
];

function countsOf(checks: readonly CheckResult[]): Counts {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  const [unknown, skipped] = [count("unknown"), count("skipped")];
  const ran = checks.length - unknown - skipped;
  return { pass: count("pass"), warn: count("warn"), fail: count("fail"), unknown, skipped, total: checks.length, ran };
}
