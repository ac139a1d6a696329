// Needs Postgres: a server of its own, because roles and databases are shared by all of a server.
import { lstat, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withDatabase } from "@org/postgres";
import { runMigrations } from "@org/run-migrations";
import { closedPort, runBin, startPrivatePostgres, withTempFolder, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "./testing/live-database.ts";
import { asRole, reportOf, run, verdictOf, withPlace as withPlaceOn, type Place } from "./testing/place.ts";
import { createRoles, roles } from "./testing/rich-schema.ts";
import { driftByHand } from "./testing/small-schema.ts";

let server: PrivatePostgres;

beforeAll(async () => {
  server = await startPrivatePostgres();
  await execute(server.url, createRoles, "CREATE ROLE dev_owner", "CREATE ROLE app_owner", "CREATE ROLE source_looker LOGIN PASSWORD 'l'");
});

afterAll(() => server.stop());

const withPlace = (work: (place: Place) => Promise<void>, files?: Readonly<Record<string, string>>): Promise<void> => withPlaceOn(server, work, files);

/** The differences as kind, object and what differs. */
function told(report: ReturnType<typeof reportOf>): unknown[] {
  return report.data?.differences?.map(({ kind, object, property, change }) => [kind, object, property ?? change]) ?? [];
}

const byHand = [
  ["table", "public.accounts", `grants to ${roles.reader}`],
  ["policy", "public.accounts.accounts_active", "missing"],
  ["trigger", "public.accounts.accounts_keep_name", "state"],
  ["column", "public.accounts.active", "default"],
  ["column", "public.accounts.note", "missing"],
];

describe("another database", () => {
  test("of the same schema is no difference, and every change of one side is told", async () => {
    await withPlace(async (other) => {
      await withPlace(async (place) => {
        const same = await run(place, [], { AGAINST_DATABASE_URL: other.url });
        expect(same.exitCode, same.stdout).toBe(0);
        expect(reportOf(same).data).toMatchObject({ comparedWith: "database", differences: [], replayed: 0 });
        await execute(place.url, ...driftByHand);
        const drifted = await run(place, ["--against", other.url]);
        expect(drifted.exitCode).toBe(6);
        expect(told(reportOf(drifted))).toEqual(byHand);
        expect(reportOf(drifted).checks.find(({ id }) => id === "drift.tables")?.title).toBe("Tables match the other database");
        expect(drifted.stdout + drifted.stderr).not.toContain(server.password);
      });
    });
  });

  test("needs no history and no files", async () => {
    await execute(server.url, "CREATE DATABASE plain", "CREATE DATABASE plain_too");
    await withTempFolder(async (folder) => {
      const plain = await run({ url: withDatabase(server.url, "plain"), folder }, ["--against", withDatabase(server.url, "plain_too")]);
      expect(plain.exitCode, plain.stdout).toBe(0);
      expect(verdictOf(reportOf(plain), "migrations.applied")).toBe("skipped");
    });
  });

  test("that does not answer leaves the drift unknown, names it and answers the rest", async () => {
    await withPlace(async (place) => {
      const port = await closedPort();
      const result = await run(place, ["--against", `postgres://someone:secret-word@127.0.0.1:${port}/other`]);
      expect(result.exitCode).toBe(4);
      expect(reportOf(result).checks[0]).toMatchObject({ verdict: "unknown", evidence: expect.stringContaining(`someone@127.0.0.1:${port}/other`) as string });
      expect(verdictOf(reportOf(result), "consistency.primary-keys")).toBe("pass");
      expect(result.stdout + result.stderr).not.toContain("secret-word");
    });
  });

  test("owned by other roles is the same through a role map, of the config or the flag", async () => {
    const owned = (owner: string): Record<string, string> => ({ "1_a.sql": `CREATE TABLE a (id bigint PRIMARY KEY); ALTER TABLE a OWNER TO ${owner}; GRANT SELECT ON a TO ${roles.reader};` });
    await withPlace(async (other) => {
      await withPlace(async (place) => {
        const plainly = await run(place, ["--against", other.url]);
        expect(told(reportOf(plainly))).toEqual([["table", "public.a", "owner"]]);
        const mapped = await run(place, ["--against", other.url, "--role-map", "dev_owner=app_owner"]);
        expect(reportOf(mapped).data).toMatchObject({ differences: [], roles: { dev_owner: "app_owner" } });
        await writeFile(join(place.folder, "platform.config.json"), JSON.stringify({ schema: { roles: { dev_owner: "app_owner" } } }));
        expect(told(reportOf(await run(place, ["--against", other.url])))).toEqual([]);
        const wrong = await run(place, ["--against", other.url, "--role-map", "dev_owner"]);
        expect(wrong.exitCode).toBe(3);
        expect(wrong.stderr).toContain("expected pairs such as dev_owner=app_owner");
      }, owned("app_owner"));
    }, owned("dev_owner"));
  });
});

describe("a stored snapshot", () => {
  test("is stable, private, and shows what changed since", async () => {
    await withPlace(async (place) => {
      const file = join(place.folder, "schema.json");
      const written = await run(place, ["snapshot", "--snapshot", file]);
      expect(written.exitCode, written.stdout + written.stderr).toBe(0);
      expect(reportOf(written).data?.snapshot).toMatchObject({ file });
      expect((await lstat(file)).mode & 0o777).toBe(0o600);
      const first = await readFile(file, "utf8");
      await run(place, ["snapshot", "--snapshot", file]);
      expect(await readFile(file, "utf8")).toBe(first);
      expect(told(reportOf(await run(place, ["--snapshot", file])))).toEqual([]);
      await execute(place.url, ...driftByHand);
      const drifted = await run(place, ["--snapshot", file]);
      expect(drifted.exitCode).toBe(6);
      expect(told(reportOf(drifted))).toEqual(byHand);
    });
  });

  test("of a newer release, a damaged one and a missing one are one clear error", async () => {
    await withPlace(async (place) => {
      const file = join(place.folder, "schema.json");
      await writeFile(file, JSON.stringify({ snapshotFormat: 99, serverVersion: 150_000, rows: [] }));
      const newer = await run(place, ["--snapshot", file]);
      expect(newer.exitCode).toBe(3);
      expect(reportOf(newer).error?.message).toContain("has the format 99, and this release reads the format 2");
      await writeFile(file, "{");
      const codes = [await run(place, ["--snapshot", file]), await run(place, ["--snapshot", "nowhere.json"]), await run(place, ["snapshot"]), await run(place, ["--snapshot", file, "--against", place.url]), await run(place, ["--shadow-url", place.url, "--against", place.url])];
      expect(codes.map(({ exitCode }) => exitCode)).toEqual([3, 3, 3, 3, 3]);
    });
  });

  test("is not written through a link, and not at all in a dry run", async () => {
    await withPlace(async (place) => {
      const [file, target] = [join(place.folder, "link.json"), join(place.folder, "target.json")];
      await writeFile(target, "mine");
      await symlink(target, file);
      const refused = await run(place, ["snapshot", "--snapshot", file]);
      expect(refused.exitCode).toBe(5);
      expect(await readFile(target, "utf8")).toBe("mine");
      const other = join(place.folder, "dry.json");
      expect((await run(place, ["snapshot", "--snapshot", other, "--dry-run"])).exitCode).toBe(10);
      await expect(lstat(other)).rejects.toThrow("ENOENT");
    });
  });

  test("holds no secrets", async () => {
    await withPlace(async (place) => {
      await execute(place.url, "CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', password 'hunter2')", "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'hunter3')",
        `ALTER DATABASE ${new URL(place.url).pathname.slice(1)} SET app.api_key = 'hunter4'`, "CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1 password=hunter5' PUBLICATION p WITH (connect = false)");
      const file = join(place.folder, "schema.json");
      expect((await run(place, ["snapshot", "--snapshot", file])).exitCode).toBe(0);
      const text = await readFile(file, "utf8");
      expect(text).toContain('"public.accounts"');
      expect(text).not.toMatch(/hunter\d/u);
      await execute(place.url, "ALTER SUBSCRIPTION sub SET (slot_name = NONE)", "DROP SUBSCRIPTION sub");
    });
  });
});

describe("since which run", () => {
  test("is the last run after which the object was as expected", async () => {
    await withPlace(async (place) => {
      await writeFile(join(place.directory, "3_more.sql"), "CREATE TABLE more (id bigint PRIMARY KEY);");
      await execute(place.url, "ALTER TABLE accounts ALTER COLUMN active SET DEFAULT false");
      const second = await runMigrations({ databaseUrl: place.url, directory: place.directory });
      await execute(place.url, "ALTER TABLE more ADD note text");
      const { data } = reportOf(await run(place));
      const since = Object.fromEntries(data!.differences!.map(({ object, since: { afterRun, at } }) => [object, { afterRun, isDated: at !== null }]));
      expect(Object.keys(since)).toEqual(["public.accounts.active", "public.more.note"]);
      expect(since["public.more.note"]).toEqual({ afterRun: second.run.id, isDated: true });
      expect(since["public.accounts.active"]?.isDated).toBe(true);
      expect(since["public.accounts.active"]?.afterRun).not.toBe(second.run.id);
      const { stdout } = await runBin("validate-schema-consistency", ["--no-history"], { cwd: place.folder, env: { DATABASE_URL: place.url } });
      expect(stdout).toContain(`  column public.more.note is there and not expected  [behaviour]\n      it was as expected when the run ${second.run.id} ended`);
      expect(stdout).not.toContain("Since when:");
    });
  });

  test("is not known, with the reason, where no stored run shows it or none may be read", async () => {
    await withPlace(async (place) => {
      await execute(place.url, "ALTER TABLE accounts ADD late text", "DELETE FROM platform.schema_snapshots");
      const none = reportOf(await run(place));
      expect(none.data?.differences?.[0]?.since).toEqual({ afterRun: null, at: null, reason: "no run has stored a snapshot yet" });
      await writeFile(join(place.directory, "3_more.sql"), "CREATE TABLE more (id bigint PRIMARY KEY);");
      await runMigrations({ databaseUrl: place.url, directory: place.directory });
      expect(reportOf(await run(place)).data?.differences?.[0]?.since.reason).toContain("it was so already when the oldest stored run ended");
      await execute(place.url, "GRANT USAGE ON SCHEMA platform TO source_looker", "GRANT SELECT ON platform.migration_history TO source_looker");
      const hidden = reportOf(await run({ ...place, url: asRole(place.url, "source_looker", "l") }, [], { SHADOW_DATABASE_URL: server.url }));
      expect(hidden.data?.differences?.[0]?.since.reason).toBe("the role may not read platform.schema_snapshots");
      await execute(place.url, "DROP TABLE platform.schema_snapshots");
      expect(reportOf(await run(place)).data?.differences?.[0]?.since.reason).toContain("run npx @org/init-database");
    });
  });
});
