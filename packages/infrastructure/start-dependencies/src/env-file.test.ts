import { lstat, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { addToEnvFile } from "./env-file.ts";

const variables = { DATABASE_URL: "postgres://postgres:pw@127.0.0.1:5434/app", REDIS_URL: "redis://:pw@127.0.0.1:6382" };

async function withEnvFile(text: string, check: (file: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const file = join(folder, ".env");
    await writeFile(file, text, { mode: 0o644 });
    await check(file);
  });
}

test("a missing file is made, private", async () => {
  await withTempFolder(async (folder) => {
    const file = join(folder, ".env");
    expect(await addToEnvFile(file, variables)).toEqual({ written: ["DATABASE_URL", "REDIS_URL"], unchanged: [], kept: [] });
    expect(parseEnv(await readFile(file, "utf8"))).toEqual(variables);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await addToEnvFile(file, variables)).toEqual({ written: [], unchanged: ["DATABASE_URL", "REDIS_URL"], kept: [] });
  });
});

test("comments, other lines and values that somebody set stay", async () => {
  await withEnvFile("# mine\nDATABASE_URL=postgres://me@host/db # theirs\n\n# REDIS_URL=old\nOTHER='a b'", async (file) => {
    expect(await addToEnvFile(file, variables)).toEqual({ written: ["REDIS_URL"], unchanged: [], kept: ["DATABASE_URL"] });
    expect(await readFile(file, "utf8")).toBe(`# mine\nDATABASE_URL=postgres://me@host/db # theirs\n\n# REDIS_URL=old\nOTHER='a b'\nREDIS_URL=${variables.REDIS_URL}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

test("an empty value is filled in its place, with the file's line ends", async () => {
  await withEnvFile('export DATABASE_URL=""\r\nA=1\r\n', async (file) => {
    await addToEnvFile(file, variables);
    expect(await readFile(file, "utf8")).toBe(`DATABASE_URL=${variables.DATABASE_URL}\r\nA=1\r\nREDIS_URL=${variables.REDIS_URL}\r\n`);
  });
});

test("a value that needs quotes reads back the same", async () => {
  await withEnvFile("", async (file) => {
    const value = "postgres://a:p#w$1'@host/db";
    await addToEnvFile(file, { DATABASE_URL: value });
    expect(parseEnv(await readFile(file, "utf8"))).toEqual({ DATABASE_URL: value });
  });
});

test("a link stays a link, and its target gets the values", async () => {
  await withEnvFile("A=1\n", async (file) => {
    const link = `${file}.link`;
    await symlink(file, link);
    await addToEnvFile(link, variables);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(parseEnv(await readFile(file, "utf8"))).toEqual({ A: "1", ...variables });
  });
});

test("a folder that is not there is named", async () => {
  await withTempFolder(async (folder) => {
    await expect(addToEnvFile(join(folder, "none", ".env"), variables)).rejects.toMatchObject({ code: "permission", message: expect.stringContaining("cannot be written") as string });
  });
});
