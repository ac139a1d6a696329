import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recordingLogger } from "../testing/recording-logger.ts";
import { startWriter } from "../testing/start-writer.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { publishMerged } from "./publish-merged.ts";
import type { VerificationReport } from "./verification-report.ts";

const scripts = ["verify-connection", "verify-dragonfly", "verify-extensions", "validate-schema-consistency"];

test("four processes that end at once, 200 times, lose nothing of each other", async () => {
  const folder = temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const writers = await Promise.all(scripts.map(async () => stack.use(await startWriter())));
  for (let round = 0; round < 200; round++) {
    const runId = String(round);
    const answers = await Promise.all(writers.map((writer, index) => writer.obey({ folder, script: scripts[index]!, runId, size: index * 1_000 })));
    expect(answers.flat()).toEqual([]);
    const report = JSON.parse(readFileSync(join(folder, "reports", "verification_report.json"), "utf8")) as VerificationReport;
    const found = Object.entries(report.scripts).map(([script, { run }]) => `${script} ${run.id}`);
    expect(found.toSorted()).toEqual(scripts.map((script) => `${script} ${runId}`).toSorted());
  }
  const metrics = readFileSync(join(folder, "reports", "scripts.prom"), "utf8");
  for (const script of scripts) expect(metrics).toContain(`script_exit_code{script="${script.replaceAll("-", "_")}"} 6\n`);
});

function publish(folder: string, part: string, logger = recordingLogger()): Promise<string[]> {
  const isPart = (value: unknown): value is string => typeof value === "string";
  const merge = (parts: ReadonlyMap<string, string>): string => [...parts].map(([name, text]) => `${name}=${text}\n`).join("");
  const place = { partsDir: join(folder, "parts"), target: join(folder, "merged") };
  return publishMerged({ ...place, partName: part, part: `by ${part}`, isPart, merge, logger }).then(() => logger.warnings);
}

test("parts of others stay, and an own part is replaced", async () => {
  const folder = temporaryFolder();
  await publish(folder, "b");
  await publish(folder, "a");
  await publish(folder, "b");
  expect(readFileSync(join(folder, "merged"), "utf8")).toBe("a=by a\nb=by b\n");
});

test("parts that cannot be used are named once each, left out, and neither followed nor waited for", async () => {
  const folder = temporaryFolder();
  const parts = join(folder, "parts");
  mkdirSync(parts);
  writeFileSync(join(parts, "cut.json"), '"by c');
  writeFileSync(join(parts, "other.json"), "{}");
  writeFileSync(join(folder, "elsewhere"), '"by nobody"');
  symlinkSync(join(folder, "elsewhere"), join(parts, "link.json"));
  execFileSync("sh", ["-c", 'mkfifo "$0"', join(parts, "pipe.json")]);
  mkdirSync(join(parts, "folder.json"));
  writeFileSync(join(parts, ".a.json.1.tmp"), "x");
  const reasons = (await publish(folder, "a")).map((warning) => warning.replaceAll(folder, ""));
  expect(reasons).toEqual([
    "/parts/cut.json is left out of /merged: it is not JSON.",
    "/parts/folder.json is left out of /merged: it is not a regular file.",
    "/parts/link.json is left out of /merged: it is a symbolic link.",
    "/parts/other.json is left out of /merged: it is not a part of this file.",
    "/parts/pipe.json is left out of /merged: it is not a regular file.",
  ]);
  expect(readFileSync(join(folder, "merged"), "utf8")).toBe("a=by a\n");
});

test("a link in the place of the target is refused; the next writer publishes the part that was put down", async () => {
  const folder = temporaryFolder();
  symlinkSync(join(folder, "victim"), join(folder, "merged"));
  await expect(publish(folder, "a")).rejects.toMatchObject({ code: "permission" });
  expect(existsSync(join(folder, "victim"))).toBe(false);
  execFileSync("rm", [join(folder, "merged")]);
  await publish(folder, "b");
  expect(readFileSync(join(folder, "merged"), "utf8")).toBe("a=by a\nb=by b\n");
});
