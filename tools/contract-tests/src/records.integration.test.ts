// Every run is recorded exactly once, whatever happens. Needs Postgres and a cache.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { cacheServer, startPrivatePostgres, withScratchDatabase } from "@org/testkit";
import type { Report } from "@org/script";
import { expect, test } from "vitest";
import { checkMetrics } from "../../../packages/core/script/check-metrics.ts";
import { problemsOfJson } from "./contract.ts";
import { withPlace, type Place } from "./place.ts";
import { inOrder, withPreparedPlatform } from "./prepared.ts";
import { runScript, startScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { query } from "./testing/database.ts";

const named = (name: string) => scripts.find((script) => script.name === name)!;

/** Run ids with the number of checks that their tables hold. */
async function recorded(url: string): Promise<{ run: string; times: number; checks: number }[]> {
  return query(
    url,
    `SELECT run_id AS run, count(*)::int AS times, (SELECT count(*)::int FROM platform.health_check_results AS c WHERE c.run_id = l.run_id) AS checks
     FROM platform.script_execution_log AS l GROUP BY run_id ORDER BY run_id`,
  );
}

const expected = (reports: readonly Report[]): object[] =>
  reports.map(({ run, counts }) => ({ run: run.id, times: 1, checks: counts.total })).toSorted((a, b) => (a.run < b.run ? -1 : 1));

test("a full run is in the tables, in the report files and in the metrics", async () => {
  const { url: REDIS_URL } = await cacheServer();
  await withScratchDatabase((DATABASE_URL) =>
    withPlace(async (place) => {
      const run = async (script: (typeof scripts)[number], ...args: string[]): Promise<Report> => {
        const { report, exitCode, stderr } = await runScript(script, args, { place, env: { DATABASE_URL, REDIS_URL } });
        expect(exitCode, stderr).toBe(0);
        return report!;
      };
      const reports: Report[] = [];
      // The first of them runs before there is a database to record it in.
      for (const script of [...inOrder("doctor"), ...inOrder("setup")]) reports.push(await run(script));
      reports.push(...(await Promise.all(inOrder("verify").map((script) => run(script)))));
      expect(await recorded(DATABASE_URL)).toEqual(expected(reports));
      expect(readdirSync(join(place.stateDir, "journal")).filter((name) => name.endsWith(".json"))).toEqual([]);
      expectFiles(place, reports);
    }),
  );
});

test("a rollback is the latest migration_status.json", async () => {
  await withPreparedPlatform(async (platform) => {
    const { exitCode, stderr } = await runScript(named("rollback-migrations"), ["--steps", "1"], { place: platform, env: platform.urls });
    expect(exitCode, stderr).toBe(0);
    const status = JSON.parse(readFileSync(join(platform.reportDir, "migration_status.json"), "utf8")) as Report<{ readonly counts: object }>;
    expect(problemsOfJson("migration_status", status)).toEqual([]);
    expect(status).toMatchObject({ script: "rollback-migrations", data: { counts: { applied: 1, pending: 1 } } });
  });
});

function expectFiles({ reportDir, stateDir, metricsFile }: Place, reports: readonly Report[]): void {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(reportDir, file), "utf8"));
  expect(problemsOfJson("migration_status", read("migration_status.json"))).toEqual([]);
  const verification = read("verification_report.json") as { readonly scripts: Readonly<Record<string, unknown>> };
  expect(problemsOfJson("verification_report", verification)).toEqual([]);
  expect(Object.keys(verification.scripts).toSorted()).toEqual(inOrder("verify").map(({ name }) => name).toSorted());
  expect(readdirSync(join(stateDir, "runs"))).toHaveLength(reports.length);
  const metrics = readFileSync(metricsFile, "utf8");
  for (const { script } of reports) expect(metrics).toContain(`script_execution_status{script="${script.replaceAll("-", "_")}"} 1`);
  // Where promtool is missing, the gate that needs it fails, and not this test too.
  const promtool = process.env["PROMTOOL"] ?? programOnPath("promtool");
  if (promtool !== undefined) expect(checkMetrics(metrics, promtool)).toBeUndefined();
}

function programOnPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, name)).find((file) => existsSync(file));
}

test("runs wait in the journal while Postgres is stopped, and a flush that is killed loses and doubles none", async () => {
  const { url: REDIS_URL } = await cacheServer();
  const postgres = await startPrivatePostgres();
  try {
    await withPlace(async (place) => {
      const env = { DATABASE_URL: postgres.url, REDIS_URL };
      const verify = (): Promise<{ exitCode: number | null; stderr: string; report: Report | undefined }> => runScript(named("verify-dragonfly"), [], { place, env });
      const first = await runScript(named("init-database"), [], { place, env });
      expect(first.exitCode, first.stderr).toBe(0);
      await postgres.halt();
      const whileStopped = await verify();
      expect(whileStopped.exitCode).toBe(0);
      expect(whileStopped.stderr).toContain("1 run waits in the journal");
      await postgres.start();
      const killed = await killWhileItFlushes(place, env);
      const last = await verify();
      const known = expected([first.report!, whileStopped.report!, last.report!]) as { run: string }[];
      const rows = await recorded(postgres.url);
      expect(rows).toMatchObject(expect.arrayContaining(known) as object[]);
      // The run that was killed wrote itself down before it began to flush.
      expect(rows.filter(({ run }) => !known.some((other) => other.run === run))).toMatchObject([{ times: 1 }]);
      expect(killed).toBe("SIGKILL");
    });
  } finally {
    await postgres.stop();
  }
});

/** The flush waits for a lock on its table, and is killed while it does; the server may still carry out what it was sent. */
async function killWhileItFlushes(place: Place, env: { readonly DATABASE_URL: string }): Promise<string | null> {
  const blocker = new pg.Client({ connectionString: env.DATABASE_URL });
  await blocker.connect();
  try {
    await blocker.query("BEGIN; LOCK TABLE platform.script_execution_log IN ACCESS EXCLUSIVE MODE");
    const started = startScript(named("verify-dragonfly"), ["--json"], { place, env });
    const waiting = async (): Promise<unknown[]> => query(env.DATABASE_URL, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'platform-scripts' AND wait_event_type = 'Lock'");
    await expect.poll(waiting, { interval: 20, timeout: 20_000 }).toHaveLength(1);
    started.kill("SIGKILL");
    return (await started.done).signal;
  } finally {
    await blocker.end();
  }
}
