import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { readState, writeRecord, type ServiceRecord } from "./state-file.ts";

const record: ServiceRecord = { provider: "local", phase: "running", port: 5434, process: { pid: 1, startedAt: "2" }, dataDir: "/d", logFile: "/l" };

test("records are kept by service, in a private file", async () => {
  await withTempFolder(async (folder) => {
    expect(await readState(folder)).toEqual({});
    await writeRecord(folder, "postgres", record);
    await writeRecord(folder, "cache", { ...record, port: 6382 });
    await writeRecord(folder, "postgres", undefined);
    expect(await readState(folder)).toEqual({ cache: { ...record, port: 6382 } });
    expect((await stat(join(folder, "dependencies.json"))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["dependencies.json"]);
  });
});

test.each(["", "{", '{"version":2,"services":{}}', "[]"])("a file with %j is refused with the way out", async (text) => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "dependencies.json"), text);
    await expect(readState(folder)).rejects.toMatchObject({ code: "configuration", hint: expect.stringContaining("Remove it") as string });
  });
});
