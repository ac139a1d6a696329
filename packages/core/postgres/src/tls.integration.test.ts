import { chmod, chown, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate, startPrivatePostgres, type PrivatePostgres } from "@org/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withClient, type PostgresClient } from "./index.ts";

const applicationName = "tls-tests";
let server: PostgresServerWithTls;

interface PostgresServerWithTls extends PrivatePostgres {
  readonly caFile: string;
}

beforeAll(async () => {
  server = await startWithTls();
});
afterAll(() => server.stop());

test.each(["prefer", "require", "no-verify"])("sslmode=%s encrypts without checking", async (sslMode) => {
  expect(await encrypted(`?sslmode=${sslMode}`)).toBe(true);
});

test("encrypted unless told otherwise", async () => {
  expect(await encrypted("")).toBe(true);
  expect(await encrypted("?sslmode=disable")).toBe(false);
});

test("verify-full checks who signed the certificate and for which host", async () => {
  const withCa = `?sslmode=verify-full&sslrootcert=${server.caFile}`;
  expect(await encrypted(withCa, "localhost")).toBe(true);
  await expect(encrypted(withCa, "127.0.0.1")).rejects.toMatchObject({ code: "connection", message: expect.stringContaining("TLS") });
  await expect(encrypted("?sslmode=verify-full", "localhost")).rejects.toMatchObject({ code: "connection", hint: expect.stringContaining("sslrootcert") });
});

test.each(["verify-ca", "require"])("%s with a root certificate checks who signed, not the host", async (sslMode) => {
  expect(await encrypted(`?sslmode=${sslMode}&sslrootcert=${server.caFile}`, "127.0.0.1")).toBe(true);
});

test("abort cancels the statement over TLS too", async () => {
  const abort = new AbortController();
  const options = { url: `${server.url}?sslmode=require`, applicationName: "to-be-aborted", signal: abort.signal };
  const aborted = withClient(options, async (client) => {
    const sleeping = client.query("SELECT pg_sleep(600)");
    await expect.poll(active).toBe(1);
    abort.abort(new Error("enough"));
    return sleeping;
  });
  await expect(aborted).rejects.toThrow("enough");
  await expect.poll(active).toBe(0);
});

async function active(): Promise<number | null> {
  const text = "SELECT FROM pg_stat_activity WHERE application_name = 'to-be-aborted' AND state = 'active'";
  return withClient({ url: server.url, applicationName }, async (client) => (await client.query(text)).rowCount);
}

function encrypted(parameters: string, host = "127.0.0.1"): Promise<boolean | undefined> {
  const url = server.url.replace("127.0.0.1", host) + parameters;
  return withClient({ url, applicationName }, async (client: PostgresClient) => {
    const { rows } = await client.query<{ ssl: boolean }>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    return rows[0]?.ssl;
  });
}

async function startWithTls(): Promise<PostgresServerWithTls> {
  const own = await startPrivatePostgres();
  const caFile = join(own.dataDir, "server.crt");
  const keyFile = join(own.dataDir, "server.key");
  await makeCertificate({ certificate: caFile, key: keyFile });
  const { uid, gid } = await stat(own.dataDir);
  for (const file of [caFile, keyFile]) await chown(file, uid, gid);
  await chmod(keyFile, 0o600);
  await withClient({ url: own.url, applicationName }, (client) => client.query("ALTER SYSTEM SET ssl = on"));
  await own.halt();
  await own.start();
  return { ...own, caFile };
}
