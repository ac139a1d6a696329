import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startWriter } from "../testing/start-writer.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openNewFile, refuseForeign, writeFileSafely } from "./write-file-safely.ts";

test("writes a new file and replaces an old one, for the owner only, and leaves nothing else", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "report.json");
  await writeFileSafely(path, "one");
  await writeFileSafely(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["report.json"]);
});

test.each([
  ["of a file", true],
  ["of nothing", false],
])("a symbolic link %s in the place of the target is refused and not followed", async (_, exists) => {
  const folder = temporaryFolder();
  const [path, victim] = [join(folder, "report.json"), join(folder, "victim")];
  if (exists) writeFileSync(victim, "precious");
  symlinkSync(victim, path);
  await expect(writeFileSafely(path, "x")).rejects.toMatchObject({
    code: "permission",
    message: `${path} is not written: it is a symbolic link`,
  });
  expect(exists ? readFileSync(victim, "utf8") : existsSync(victim)).toBe(exists ? "precious" : false);
  expect(readdirSync(folder)).toHaveLength(exists ? 2 : 1);
});

test("a symbolic link in the place of the temporary file is not followed", async () => {
  const folder = temporaryFolder();
  const [path, victim] = [join(folder, ".report.tmp"), join(folder, "victim")];
  symlinkSync(victim, path);
  expect(() => openNewFile(path, 0o600)).toThrow(expect.objectContaining({ code: "EEXIST" }));
  writeFileSync(victim, "precious");
  expect(() => openNewFile(path, 0o600)).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(readFileSync(victim, "utf8")).toBe("precious");
});

test("a folder, a pipe and a file of another user are refused", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "folder"));
  execFileSync("sh", ["-c", 'mkfifo "$0"', join(folder, "pipe")]);
  await expect(writeFileSafely(join(folder, "folder"), "x")).rejects.toMatchObject({ code: "permission" });
  await expect(writeFileSafely(join(folder, "pipe"), "x")).rejects.toMatchObject({ code: "permission" });
  const path = join(folder, "file");
  writeFileSync(path, "x");
  const { uid } = statSync(path);
  expect(() => refuseForeign(path, uid)).not.toThrow();
  expect(() => refuseForeign(path, uid + 1)).toThrow(`${path} is not written: it belongs to another user (uid ${uid})`);
});

test("a missing folder is named", async () => {
  const path = join(temporaryFolder(), "none", "report.json");
  await expect(writeFileSafely(path, "x")).rejects.toMatchObject({
    code: "configuration",
    message: `${path} cannot be written: its folder does not exist`,
  });
});

test("a folder that may not be written is a warning of the run, with its reason", async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  await using writer = await startWriter();
  const warnings = await writer.obey({ folder, script: "verify-connection", runId: "1", asNobody: true });
  expect(warnings).toHaveLength(3);
  for (const warning of warnings) expect(warning).toMatch(/EACCES|may not be written/u);
  chmodSync(folder, 0o755);
  expect(readdirSync(folder)).toEqual([]);
});

test("a write that the system breaks off leaves the old file and no temporary one", async () => {
  const folder = temporaryFolder();
  await using small = await startWriter();
  expect(await small.obey({ folder, script: "verify-connection", runId: "1" })).toEqual([]);
  const target = join(folder, "reports", "verification_report.json");
  const old = readFileSync(target, "utf8");
  await using limited = await startWriter("ulimit -f 8");
  const warnings = await limited.obey({ folder, script: "verify-connection", runId: "2", size: 100_000 });
  // Both are written at the same time.
  expect(warnings.toSorted()).toEqual([
    expect.stringMatching(/^The latest verification_report is not updated: .*larger than this process may write\. Raise the limit/u),
    expect.stringMatching(/^The report of this run is not kept: .*larger than this process may write\. Raise the limit/u),
  ]);
  expect(readFileSync(target, "utf8")).toBe(old);
  const left = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(left.filter((file) => file.endsWith(".tmp"))).toEqual([]);
});

test("a process that is killed while it writes leaves a file that can be read", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "file.json");
  for (let round = 0; round < 10; round++) {
    await using writer = await startWriter();
    await writer.obey({ folder, script: "verify-connection", runId: String(round), size: 2_000_000, forever: true });
    await writer.kill();
    expect((JSON.parse(readFileSync(path, "utf8")) as { data: string }).data).toHaveLength(2_000_000);
  }
});
