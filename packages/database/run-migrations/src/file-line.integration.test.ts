import { randomUUID } from "node:crypto";
import { silentLogger } from "@org/logging";
import { withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { historyLines, makeStateTables, startPrivatePostgres, withPlace, withTempFolder, writeFiles, type Place, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyMigrations, readMigrations, type ApplyMigrationsOptions } from "./index.ts";

interface Watched {
  readonly error: unknown;
  /** What was sent, as the files that its messages hold. */
  readonly sent: readonly string[];
}

/** Applies with a client that sends ahead unless told, and tells what it sent. */
async function apply({ url, folder }: Pick<Place, "url" | "folder">, { pipeline = true, ...more }: Partial<ApplyMigrationsOptions> & { readonly pipeline?: boolean } = {}): Promise<Watched> {
  const collection = await readMigrations(folder);
  const sent: string[] = [];
  const error = await withClient({ url, applicationName: "test apply", pipeline }, (client) =>
    withClient({ url, applicationName: "test lock" }, async (lockClient) => {
      const watched: PostgresClient = {
        pipeline,
        query: (text, values) => {
          sent.push(...collection.migrations.filter(({ sql }) => text.includes(sql.trim())).map(({ name }) => `${name}${text.startsWith("DEALLOCATE applied_") ? " ahead" : ""}`));
          return client.query(text, values);
        },
      };
      return applyMigrations({ client: watched, lockClient, collection, history: { schema: "platform" }, ...more }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    }),
  );
  return { error, sent };
}

async function tables(client: PostgresClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  return rows.map(({ name }) => name);
}

const three = { "1_a.sql": "CREATE TABLE a (id int);\n", "2_b.sql": "CREATE TABLE b (id int);\n", "3_c.sql": "CREATE TABLE c (id int);\n" };

test("each file is sent before the one before it is answered, the first one excepted", async () => {
  await withPlace(three, async (place) => {
    expect(await apply(place)).toEqual({ error: undefined, sent: ["a", "b ahead", "c ahead"] });
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied"]);
  });
});

test("a client that waits for its answers gets one file after the other", async () => {
  await withPlace(three, async (place) => {
    expect(await apply(place, { pipeline: false })).toEqual({ error: undefined, sent: ["a", "b", "c"] });
    expect(await tables(place.client)).toEqual(["a", "b", "c"]);
  });
});

const failing = {
  "at a statement": "CREATE TABLE b (id int);\nSELECT 1 / 0;\n",
  "for its syntax, before anything of it runs": "CREATE TABLE b (id int);\nCREATE TABEL b2 (id int);\n",
  "at its commit": "CREATE TABLE b (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1), (1);\n",
  "although it takes every prepared statement for its own": "DEALLOCATE ALL;\nCREATE TABLE b (id int);\nSELECT 1 / 0;\n",
};

describe.each(Object.entries(failing))("a file that fails %s", (_, text) => {
  test("keeps what was sent behind it from running", async () => {
    await withPlace({ ...three, "2_b.sql": text }, async (place) => {
      const { error, sent } = await apply(place);
      expect(error).toMatchObject({ code: "checkFailed", failure: { version: "2" } });
      expect(sent.slice(0, 3)).toEqual(["a", "b ahead", "c ahead"]);
      expect(await tables(place.client)).toEqual(["a"]);
      expect(await historyLines(place.client)).toEqual(["1 applied", "2 failed"]);
    });
  });
});

test("a file that waits too long for a lock is tried again, and what was sent behind it runs after it", async () => {
  await withPlace({ "1_a.sql": "SELECT 'nothing';\n", "2_b.sql": "ALTER TABLE held ADD b int;\n", "3_c.sql": "ALTER TABLE held ADD c int;\n" }, async (place) => {
    await place.client.query("CREATE TABLE held ()");
    const missed = Promise.withResolvers<void>();
    const logger = { ...silentLogger, warning: () => missed.resolve() };
    await withClient({ url: place.url, applicationName: "test holder" }, async (holder) => {
      await holder.query("BEGIN; LOCK TABLE held IN ACCESS SHARE MODE");
      const run = apply(place, { logger, locks: { lockTimeoutMs: 50, retries: 100 } });
      await missed.promise;
      await holder.query("COMMIT");
      expect(await run).toMatchObject({ error: undefined });
    });
    expect((await place.client.query("SELECT * FROM held")).fields.map(({ name }) => name)).toEqual(["b", "c"]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied"]);
  });
});

test("what the server refuses after the commit of a file lets the one behind it run once", async () => {
  await withPlace({ ...three, "2_b.sql": "CREATE TABLE b AS SELECT 1 AS id;\n", "3_c.sql": "INSERT INTO b VALUES (2);\n" }, async (place) => {
    const collection = await readMigrations(place.folder);
    await withClient({ url: place.url, applicationName: "test apply", pipeline: true }, (client) =>
      withClient({ url: place.url, applicationName: "test lock" }, async (lockClient) => {
        const refusing = Object.create(client) as PostgresClient;
        refusing.query = (text, values) => client.query(text.includes("TABLE b AS") ? text.replace("; COMMIT; ", "; COMMIT; SELECT 1 / 0; ") : text, values);
        expect(await applyMigrations({ client: refusing, lockClient, collection, history: { schema: "platform" } })).toHaveLength(3);
      }),
    );
    expect((await place.client.query("SELECT id FROM b ORDER BY id")).rows).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied", "3 applied"]);
  });
});

test("a file that sets the isolation of its transaction can do so", async () => {
  await withPlace({ ...three, "2_b.sql": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE b AS SELECT current_setting('transaction_isolation') AS level;\n" }, async (place) => {
    expect(await apply(place)).toEqual({ error: undefined, sent: ["a", "b", "c ahead"] });
    expect((await place.client.query("SELECT level FROM b")).rows).toEqual([{ level: "serializable" }]);
  });
});

test("an abort applies no file after the one that is under way", async () => {
  await withPlace(three, async (place) => {
    const abort = new AbortController();
    const applied: string[] = [];
    const onApplied = ({ name }: { readonly name: string }): void => {
      applied.push(name);
      if (name === "a") abort.abort(new Error("enough"));
    };
    expect((await apply(place, { signal: abort.signal, onApplied })).error).toMatchObject({ message: "enough" });
    expect(applied).toEqual(["a", "b"]);
    expect(await historyLines(place.client)).toEqual(["1 applied", "2 applied"]);
  });
});

// The server of these tests writes its log only when a commit waits for that: what does not is lost when it is killed.
describe("a server that is killed as soon as the run has ended", () => {
  let server: PrivatePostgres;
  beforeAll(async () => {
    server = await startPrivatePostgres({ settings: { wal_writer_delay: "10s", wal_writer_flush_after: "1GB", wal_buffers: "16MB" } });
  });
  afterAll(() => server.stop());

  async function killed(): Promise<void> {
    server.kill("SIGKILL");
    await server.start();
  }

  test("loses a commit that waited for nothing", async () => {
    await withClient({ url: server.url, applicationName: "test" }, (client) => client.query("SET synchronous_commit = off; CREATE TABLE lost (id int)"));
    await killed();
    expect(await withClient({ url: server.url, applicationName: "test" }, tables)).not.toContain("lost");
  });

  test.each([
    { files: three, end: ["1 applied", "2 applied", "3 applied"] },
    { files: { ...three, "3_c.sql": "SELECT 1 / 0;\n" }, end: ["1 applied", "2 applied", "3 failed"] },
    { files: { ...three, "3_c.sql": "-- no-transaction\nSELECT 'nothing';\n" }, end: ["1 applied", "2 applied", "3 applied"] },
  ])("has everything that the run told: $end", async ({ files, end }) => {
    await withTempFolder(async (folder) => {
      await writeFiles(folder, files);
      const url = await newDatabase(server.url);
      await apply({ url, folder });
      await killed();
      await withClient({ url, applicationName: "test" }, async (client) => {
        expect(await historyLines(client)).toEqual(end);
        expect(await tables(client)).toEqual(expect.arrayContaining(["a", "b"]));
      });
    });
  });
});

async function newDatabase(serverUrl: string): Promise<string> {
  const name = `killed_${randomUUID().replaceAll("-", "")}`;
  await withClient({ url: serverUrl, applicationName: "test" }, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = withDatabase(serverUrl, name);
  await makeStateTables(url);
  return url;
}
