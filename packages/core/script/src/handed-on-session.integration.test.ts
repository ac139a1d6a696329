// Needs Postgres, which the testkit starts.
import { keepSession, withClient, type OpenSession, type PostgresClient } from "@org/postgres";
import { makeStateTables, withScratchDatabase, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { checkResult, defineScript, fail, pass, runScript, type CallOptions, type Finding, type Host, type Report, type Result, type RunContext } from "./index.ts";
import { testManifest } from "./testing/manifest.ts";

const applicationName = "handed-on";

const circular: unknown[] = [];
circular.push(circular);

interface Place {
  readonly url: string;
  readonly folder: string;
  /** A session beside those under test. */
  readonly client: PostgresClient;
}

function withHistory(work: (place: Place) => Promise<void>): Promise<void> {
  return withTempFolder((folder) =>
    withScratchDatabase(async (url) => {
      await makeStateTables(url);
      await withClient({ url, applicationName: "test" }, (client) => work({ url, folder, client }));
    }),
  );
}

type Between = (session: OpenSession, context: RunContext<object>) => Promise<unknown>;

/** A script that hands its session on, after what the test does in between. */
function handingOn({ url }: Place, { between = async () => {}, findings = [pass("it does")], data = null }: { readonly between?: Between; readonly findings?: Finding[]; readonly data?: unknown } = {}) {
  const left = [...findings];
  const run = async (context: RunContext<object>): Promise<Result<unknown>> => {
    const { session } = await keepSession({ url, applicationName, signal: context.signal }, (client) => client.query("SELECT 1"));
    await between(session, context);
    const finding = left.length > 1 ? left.shift()! : left[0]!;
    return { data, checks: [checkResult({ id: "try.it", title: "It works" }, finding)], session };
  };
  return defineScript({ manifest: testManifest, package: { name: "@org/try-session", version: "1.2.3" }, options: {}, run });
}

function environment({ url, folder }: Place): Record<string, string> {
  return { DATABASE_URL: url, REPORT_DIR: folder, STATE_DIR: folder };
}

function call(place: Place, script: ReturnType<typeof handingOn>, options: CallOptions = {}): Promise<Report> {
  return script({}, { env: environment(place), cwd: place.folder, ...options });
}

async function command(place: Place, script: ReturnType<typeof handingOn>, ...args: string[]): Promise<{ exitCode: number; stderr: string }> {
  let stderr = "";
  const sink = (write: (text: string) => void): Host["stdout"] => ({ isTTY: false, columns: 100, write: async (text) => write(text) });
  const host: Host = {
    env: environment(place),
    cwd: place.folder,
    stdout: sink(() => {}),
    stderr: sink((text) => (stderr += text)),
    actor: "tester",
    hostname: "here",
    onWarning: () => {},
    onSignal: () => () => {},
    setTitle: () => {},
    end: async () => {},
  };
  return { exitCode: await runScript(script, args, host), stderr };
}

/** The sessions of scripts: those open now, and how many there were since the database is there. */
async function sessions({ client }: Place): Promise<{ open: number; ever: number }> {
  const { rows } = await client.query<{ open: number; ever: number }>(
    `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('${applicationName}', 'platform-scripts')) AS open,
      (SELECT sessions::int FROM pg_stat_database WHERE datname = current_database()) AS ever`,
  );
  return rows[0]!;
}

async function recorded({ client }: Place): Promise<string[]> {
  const { rows } = await client.query<{ run_id: string }>("SELECT run_id FROM platform.script_execution_log");
  return rows.map(({ run_id }) => run_id);
}

test("the run is recorded once, in the session that the script hands on, and that is closed then", () =>
  withHistory(async (place) => {
    const { ever } = await sessions(place);
    const { run } = await call(place, handingOn(place), { record: true });
    await expect.poll(() => sessions(place)).toEqual({ open: 0, ever: ever + 1 });
    expect(await recorded(place)).toEqual([run.id]);
    expect(await command(place, handingOn(place))).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("journal") });
    await expect.poll(() => sessions(place)).toEqual({ open: 0, ever: ever + 2 });
    expect(await recorded(place)).toHaveLength(2);
  }));

test("where nothing is recorded in it, it is closed as well", () =>
  withHistory(async (place) => {
    const { ever } = await sessions(place);
    await call(place, handingOn(place));
    await expect.poll(() => sessions(place)).toEqual({ open: 0, ever: ever + 1 });
    expect(await command(place, handingOn(place), "--no-history")).toMatchObject({ exitCode: 0 });
    await expect.poll(() => sessions(place)).toEqual({ open: 0, ever: ever + 2 });
    expect(await recorded(place)).toEqual([]);
  }));

test("a run that is tried again, aborted or cannot be reported leaves no session open", () =>
  withHistory(async (place) => {
    const again = handingOn(place, { findings: [fail("refused", "start it", { code: "connection" }), pass("answers")] });
    expect(await command(place, again, "--wait", "30s")).toMatchObject({ exitCode: 0 });
    await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
    await expect(call(place, handingOn(place, { data: circular }), { record: true })).rejects.toThrow(TypeError);
    await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
    const abort = new AbortController();
    const aborted = handingOn(place, { between: async () => abort.abort(new Error("enough")) });
    await expect(call(place, aborted, { record: true, signal: abort.signal })).rejects.toThrow("enough");
    await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
    expect(await recorded(place)).toHaveLength(2);
  }));

test("a session that is lost before the run is recorded costs the record nothing", () =>
  withHistory(async (place) => {
    const between = (): Promise<unknown> => place.client.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${applicationName}'`);
    const { run } = await call(place, handingOn(place, { between }), { record: true });
    expect(await recorded(place)).toEqual([run.id]);
    await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
  }));

test("a session that is ended while the run is recorded in it costs the record nothing", () =>
  withHistory(async (place) => {
    await withClient({ url: place.url, applicationName: "locker" }, async (locker) => {
      await locker.query("BEGIN; LOCK TABLE platform.script_execution_log IN ACCESS EXCLUSIVE MODE");
      const running = call(place, handingOn(place), { record: true });
      const waiting = `FROM pg_stat_activity WHERE application_name = '${applicationName}' AND wait_event_type = 'Lock' AND datname = current_database()`;
      const ended = async (): Promise<number | null> => (await place.client.query(`SELECT pg_terminate_backend(pid, 10000) ${waiting}`)).rowCount;
      await expect.poll(ended, { interval: 10, timeout: 20_000 }).toBe(1);
      await locker.query("ROLLBACK");
      const { run } = await running;
      expect(await recorded(place)).toEqual([run.id]);
    });
    await expect.poll(() => sessions(place)).toMatchObject({ open: 0 });
  }));
