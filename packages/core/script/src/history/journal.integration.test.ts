// Needs Postgres, which the testkit starts.
import { randomUUID } from "node:crypto";
import { readdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { silentLogger, type Logger } from "@org/logging";
import { keepSession, quoteIdentifier, serverVersion, withClient, type OpenSession, type PostgresClient, type PostgresResult } from "@org/postgres";
import { closedPort, startPrivatePostgres, startProcess, withScratchDatabase, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import type { Report } from "../report.ts";
import { sampleChecks, sampleReport } from "../testing/sample-report.ts";
import { expectRecord } from "./expect-record.ts";
import { flushJournal, type FlushOptions, type FlushOutcome } from "./flush-journal.ts";
import { journalRun } from "./journal.ts";
import { applyStateMigrations } from "./state-migrations.ts";

const schema = "platform";

function runReport(changes: Partial<Report> = {}): Report {
  const sample = sampleReport(changes);
  return { ...sample, run: { ...sample.run, id: randomUUID() } };
}

async function journalMany(stateDir: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await journalRun(stateDir, runReport());
}

function onDatabase<Row>(url: string, text: string): Promise<PostgresResult<Row>> {
  return withClient({ url, applicationName: "test" }, (client) => client.query<Row>(text));
}

async function recorded(url: string): Promise<{ runs: number; checks: number }> {
  const { rows } = await onDatabase<{ runs: number; checks: number }>(
    url,
    `select (select count(*)::int from ${schema}.script_execution_log) as runs, (select count(*)::int from ${schema}.health_check_results) as checks`,
  );
  return rows[0] as { runs: number; checks: number };
}

/** An empty journal and a database, with the state tables unless the test makes them. */
function withHistory(test: (place: { stateDir: string; url: string; flush: Flush }) => Promise<void>, { tables = true } = {}): Promise<void> {
  return withTempFolder((stateDir) =>
    withScratchDatabase(async (url) => {
      if (tables) await withClient({ url, applicationName: "test" }, (client: PostgresClient) => applyStateMigrations(client, schema));
      await test({ stateDir, url, flush: (changes = {}) => flushJournal({ stateDir, databaseUrl: url, schema, logger: silentLogger, ...changes }) });
    }),
  );
}

type Flush = (changes?: Partial<FlushOptions>) => Promise<FlushOutcome>;

function memoryLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = { ...silentLogger, info: (message: string) => lines.push(`info ${message}`), warning: (message: string) => lines.push(`warning ${message}`) };
  return { logger, lines };
}

const checks = sampleChecks.length;

test("a run is written as it was reported, with all its checks", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const report = runReport({ error: { code: "connection", message: "refused", hint: null } });
    const file = await journalRun(stateDir, report);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    expect(await flush()).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
    const { rows: runs } = await onDatabase(url, `select * from ${schema}.script_execution_log`);
    expect(runs).toEqual([expect.objectContaining({ run_id: report.run.id, script: report.script, git_sha: null, checks_total: 5, checks_ran: 3, error: report.error, report })]);
    const { rows: results } = await onDatabase(url, `select * from ${schema}.health_check_results where check_id = 'query'`);
    expect(results).toEqual([expect.objectContaining({ verdict: "fail", value: 240.129, unit: "ms", threshold: { value: 100, source: "config" }, duration_ms: 240.1 })]);
    expect(await recorded(url)).toEqual({ runs: 1, checks });
    expect(await flush()).toEqual({ recorded: 0, rejected: 0, waiting: 0 });
  }));

test("a run that is in the table already is not written again", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const report = runReport();
    await journalRun(stateDir, report);
    await flush();
    await journalRun(stateDir, { ...report, verdict: "pass" });
    expect(await flush()).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
    expect(await recorded(url)).toEqual({ runs: 1, checks });
    expect((await onDatabase<{ verdict: string }>(url, `select verdict from ${schema}.script_execution_log`)).rows).toEqual([{ verdict: "fail" }]);
  }));

test("a run of the time when Postgres was stopped arrives with the next flush, once", () =>
  withTempFolder(async (stateDir) => {
    const server = await startPrivatePostgres();
    try {
      await withClient({ url: server.url, applicationName: "test" }, (client) => applyStateMigrations(client, schema));
      await server.halt();
      const { logger, lines } = memoryLogger();
      const flush = () => flushJournal({ stateDir, databaseUrl: server.url, schema, logger });
      await journalRun(stateDir, runReport());
      expect(await flush()).toEqual({ recorded: 0, rejected: 0, waiting: 1 });
      expect(lines).toEqual([expect.stringMatching(/^info 1 run waits in the journal and will be recorded later: .*refused the connection/)]);
      expect(lines.join()).not.toContain(server.password);
      await server.start();
      await journalRun(stateDir, runReport());
      expect(await flush()).toEqual({ recorded: 2, rejected: 0, waiting: 0 });
      expect(await recorded(server.url)).toEqual({ runs: 2, checks: 2 * checks });
    } finally {
      await server.stop();
    }
  }));

test("a session that the server closed when it stopped keeps the run in the journal", () =>
  withTempFolder(async (stateDir) => {
    const server = await startPrivatePostgres();
    try {
      await withClient({ url: server.url, applicationName: "test" }, (client) => applyStateMigrations(client, schema));
      const { session } = await keepSession({ url: server.url, applicationName: "test" }, serverVersion);
      await server.halt();
      const { logger, lines } = memoryLogger();
      await journalRun(stateDir, runReport());
      expect(await flushJournal({ stateDir, databaseUrl: server.url, schema, logger, session })).toEqual({ recorded: 0, rejected: 0, waiting: 1 });
      expect(lines).toEqual([expect.stringMatching(/^info 1 run waits in the journal and will be recorded later: .*refused the connection/)]);
      await session.close();
      await server.start();
      expect(await flushJournal({ stateDir, databaseUrl: server.url, schema, logger })).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
    } finally {
      await server.stop();
    }
  }));

test("killed at any moment of 30 flushes, every run arrives once", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const total = 600;
    await journalMany(stateDir, total);
    const program = join(import.meta.dirname, "testing/flush-process.ts");
    let killed = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      const child = startProcess(process.execPath, ["--conditions=@org/source", program, stateDir, url, schema]);
      await child.output(/ready/);
      setTimeout(() => child.kill("SIGKILL"), Math.random() * 80);
      if ((await child.done).signal === "SIGKILL") killed += 1;
    }
    expect(killed).toBeGreaterThan(10);
    const { runs } = await recorded(url);
    const waiting = (await readdir(join(stateDir, "journal"))).length;
    expect(runs + waiting).toBeGreaterThanOrEqual(total);
    expect(await flush({ budgetMs: 30_000 })).toEqual({ recorded: waiting, rejected: 0, waiting: 0 });
    expect(await recorded(url)).toEqual({ runs: total, checks: total * checks });
  }));

test("several flushers at once write each run once", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    await journalMany(stateDir, 100);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => flush({ budgetMs: 30_000 })));
    expect(outcomes.every(({ rejected, waiting }) => rejected === 0 && waiting === 0)).toBe(true);
    expect(await recorded(url)).toEqual({ runs: 100, checks: 100 * checks });
  }));

test("without the state tables runs wait, and the reader is told what makes them", () =>
  withHistory(
    async ({ stateDir, url, flush }) => {
      const { logger, lines } = memoryLogger();
      await journalMany(stateDir, 2);
      expect(await flush({ logger })).toEqual({ recorded: 0, rejected: 0, waiting: 2 });
      expect(lines).toEqual([
        'info 2 runs wait in the journal and will be recorded later: the state tables are not in the schema "platform"; run npx @org/init-database.',
      ]);
      await withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, schema));
      expect(await flush()).toEqual({ recorded: 2, rejected: 0, waiting: 0 });
    },
    { tables: false },
  ));

test("a role without the right to insert leaves the runs waiting; the right to insert is all that is needed", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const role = `recorder_${randomUUID().slice(0, 8)}`;
    const grantee = quoteIdentifier(role);
    await onDatabase(url, `create role ${grantee} login password 'recorder'; grant usage on schema ${schema} to ${grantee}`);
    const address = new URL(url);
    address.username = role;
    address.password = "recorder";
    try {
      await journalMany(stateDir, 2);
      const { logger, lines } = memoryLogger();
      expect(await flush({ databaseUrl: address.href, logger })).toEqual({ recorded: 0, rejected: 0, waiting: 2 });
      expect(lines).toEqual([expect.stringMatching(/permission denied for table (script_execution_log|health_check_results)/)]);
      await onDatabase(url, `grant insert on ${schema}.script_execution_log, ${schema}.health_check_results to ${grantee}`);
      expect(await flush({ databaseUrl: address.href })).toEqual({ recorded: 2, rejected: 0, waiting: 0 });
    } finally {
      await onDatabase(url, `drop owned by ${grantee}; drop role ${grantee}`);
    }
  }));

test("a run that the database refuses is set aside with a warning and holds up nobody", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const { logger, lines } = memoryLogger();
    await journalRun(stateDir, runReport({ verdict: "perhaps" as never }));
    const damaged = `${randomUUID()}.json`;
    await writeFile(join(stateDir, "journal", damaged), '{"reportVersion": 1, "script"');
    await writeFile(join(stateDir, "journal", `${randomUUID()}.json`), "{}");
    await journalMany(stateDir, 3);
    expect(await flush({ logger })).toEqual({ recorded: 3, rejected: 3, waiting: 0 });
    expect(lines).toHaveLength(3);
    expect(lines).toContainEqual(expect.stringMatching(/^warning A run cannot be recorded and is set aside in .*SQLSTATE 23514/));
    expect(lines).toContainEqual(expect.stringContaining("its file is not valid JSON"));
    expect(await readdir(join(stateDir, "journal", "rejected"))).toContain(damaged);
    expect(await recorded(url)).toEqual({ runs: 3, checks: 3 * checks });
  }));

test("texts that Postgres cannot hold are made storable", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    const evidence = "NUL \0, half a pair \ud83d, quotes ' \" \\, ]]> and 😀";
    const check = { id: "odd\0", title: "\udc00", verdict: "pass", evidence, durationMs: 1 } as const;
    await journalRun(stateDir, runReport({ checks: [check], data: { ["key\0"]: evidence } }));
    expect(await flush()).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
    const { rows } = await onDatabase(url, `select check_id, evidence from ${schema}.health_check_results`);
    expect(rows).toEqual([{ check_id: "odd\uFFFD", evidence: "NUL \uFFFD, half a pair \uFFFD, quotes ' \" \\, ]]> and 😀" }]);
  }));

test("a table that somebody holds locked delays a script by no more than the budget, in an open session too", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    await journalMany(stateDir, 3);
    const { session } = await keepSession({ url, applicationName: "test" }, serverVersion);
    await withClient({ url, applicationName: "test" }, async (client) => {
      await client.query(`begin; lock table ${schema}.script_execution_log in access exclusive mode`);
      for (const changes of [{}, { session }]) {
        const started = performance.now();
        expect(await flush({ budgetMs: 400, ...changes })).toEqual({ recorded: 0, rejected: 0, waiting: 3 });
        expect(performance.now() - started).toBeLessThan(1500);
      }
      await client.query("rollback");
    });
    await session.close();
    expect(await flush()).toEqual({ recorded: 3, rejected: 0, waiting: 0 });
  }));

test("the newest run goes into the database while it is written into the journal, where nothing of it stays", () =>
  withHistory(async ({ stateDir, url, flush }) => {
    await journalMany(stateDir, 2);
    const report = runReport();
    const text = JSON.stringify(report);
    const written = Promise.withResolvers<string>();
    const flushing = flush({ newest: { text, journaled: written.promise } });
    await expect.poll(() => recorded(url)).toEqual({ runs: 1, checks });
    written.resolve(await journalRun(stateDir, report, text));
    expect(await flushing).toEqual({ recorded: 3, rejected: 0, waiting: 0 });
    expect(await recorded(url)).toEqual({ runs: 3, checks: 3 * checks });
  }));

test("a newest run that cannot be journaled is in the database all the same, and the reason is thrown", () =>
  withHistory(async ({ url, flush }) => {
    const { promise: journaled, reject } = Promise.withResolvers<string>();
    const flushing = flush({ newest: { text: JSON.stringify(runReport()), journaled } });
    await expect.poll(() => recorded(url)).toEqual({ runs: 1, checks });
    reject(new Error("the disk is full"));
    await expect(flushing).rejects.toThrow("the disk is full");
    expect(await recorded(url)).toEqual({ runs: 1, checks });
  }));

test("a newest run that the database refuses is set aside, and one that it cannot take yet waits", () =>
  withHistory(
    async ({ stateDir, url, flush }) => {
      const newest = (report: Report) => ({ text: JSON.stringify(report), journaled: journalRun(stateDir, report) });
      expect(await flush({ newest: newest(runReport()) })).toEqual({ recorded: 0, rejected: 0, waiting: 1 });
      await withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, schema));
      expect(await flush({ newest: newest(runReport({ verdict: "perhaps" as never })) })).toEqual({ recorded: 1, rejected: 1, waiting: 0 });
      expect(await recorded(url)).toEqual({ runs: 1, checks });
    },
    { tables: false },
  ));

test("a server that is to get ready for a record records as before, also without the tables or with one that is locked", () =>
  withHistory(
    async ({ stateDir, url, flush }) => {
      const getReady = () => keepSession({ url, applicationName: "test", pipeline: true }, (client) => expectRecord(client, schema));
      const recordIn = async (session: OpenSession): Promise<FlushOutcome> => {
        await journalRun(stateDir, runReport());
        return flush({ session }).finally(() => session.close());
      };
      const early = await getReady();
      await withClient({ url, applicationName: "test" }, (client) => applyStateMigrations(client, schema));
      expect(await recordIn(early.session)).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
      await withClient({ url, applicationName: "test" }, async (locker) => {
        await locker.query(`begin; lock table ${schema}.script_execution_log in access exclusive mode`);
        const { session } = await getReady();
        await locker.query("rollback");
        expect(await recordIn(session)).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
      });
      expect(await recordIn((await getReady()).session)).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
    },
    { tables: false },
  ));

test("a server that never answers and a closed port delay a script by no more than the budget", () =>
  withTempFolder(async (stateDir) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      await journalRun(stateDir, runReport());
      for (const port of [(silent.address() as { port: number }).port, await closedPort()]) {
        const started = performance.now();
        const outcome = await flushJournal({ stateDir, databaseUrl: `postgres://u:p@127.0.0.1:${port}/d`, schema, logger: silentLogger, budgetMs: 300 });
        expect(outcome).toEqual({ recorded: 0, rejected: 0, waiting: 1 });
        expect(performance.now() - started).toBeLessThan(1500);
      }
    } finally {
      silent.close();
    }
  }));

test("an interrupted run leaves its record in the journal", () =>
  withHistory(async ({ stateDir, flush }) => {
    await journalRun(stateDir, runReport());
    expect(await flush({ signal: AbortSignal.abort() })).toEqual({ recorded: 0, rejected: 0, waiting: 1 });
    expect(await flush()).toEqual({ recorded: 1, rejected: 0, waiting: 0 });
  }));
