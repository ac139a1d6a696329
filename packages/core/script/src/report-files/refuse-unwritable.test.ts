import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScriptError } from "@org/exit-codes";
import { expect, test } from "vitest";
import { startWriter } from "../testing/start-writer.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { refuseUnwritable } from "./refuse-unwritable.ts";
import { writeFileSafely } from "./write-file-safely.ts";

test("a new file and one that is there pass, and stay as they are", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "old"), "old");
  for (const name of ["new", "old", "n".repeat(200)]) await refuseUnwritable(join(folder, name));
  expect(readdirSync(folder)).toEqual(["old"]);
  expect(readFileSync(join(folder, "old"), "utf8")).toBe("old");
});

test.each([
  ["a missing folder", "none/file", "configuration", "its folder does not exist"],
  ["a file for a folder", "old/file", "configuration", "its folder is a file"],
  ["a folder at the path", "folder", "permission", "it is not a regular file"],
  ["a symbolic link", "link", "permission", "it is a symbolic link"],
  ["a name too long for the file that is written first", "x".repeat(230), "configuration", "its name is too long"],
  ["a name too long", "\u00e9".repeat(200), "configuration", "its name is too long"],
])("%s is refused as the write would be, and nothing is left", async (_, name, code, reason) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "old"), "old");
  symlinkSync(join(folder, "victim"), join(folder, "link"));
  const path = join(folder, name);
  const refused = await refusal(refuseUnwritable(path));
  expect(refused).toEqual({ code, message: expect.stringContaining(reason), hint: expect.any(String) });
  expect(refused.message).toContain(`${path} `);
  expect(await refusal(writeFileSafely(path, "x"))).toEqual(refused);
  expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()).toEqual(["folder", "link", "old"]);
});

async function refusal(done: Promise<void>): Promise<Pick<ScriptError, "code" | "message" | "hint">> {
  const { code, message, hint } = (await done.catch((error: unknown) => error)) as ScriptError;
  return { code, message, hint };
}

test("a folder that may not be written is refused", async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  await using writer = await startWriter();
  const refusals = await writer.obey({ folder, script: "verify-connection", runId: "1", asNobody: true, onlyAsks: true });
  expect(refusals).toEqual([`permission: ${folder}/file.json cannot be written: the folder may not be written`]);
});
