import { readdirSync, readFileSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Manifest } from "../manifest.ts";
import type { Report } from "../report.ts";
import { testManifest } from "../testing/manifest.ts";
import { recordingLogger } from "../testing/recording-logger.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { writeReportFiles } from "./write-report-files.ts";

interface Written {
  readonly warnings: readonly string[];
  readonly runs: readonly string[];
  readonly latest: readonly string[];
}

async function write(folder: string, report: Report, manifest: Manifest = testManifest): Promise<Written> {
  const logger = recordingLogger();
  const [stateDir, reportDir] = [join(folder, "state"), join(folder, "reports")];
  await writeReportFiles({ report, manifest, stateDir, reportDir, logger });
  return { warnings: logger.warnings, runs: list(join(stateDir, "runs")), latest: list(reportDir) };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    return [(error as NodeJS.ErrnoException).code!];
  }
}

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), "utf8"));
const migration: Manifest = { ...testManifest, target: "setup", report: "migration_status" };

test("a run is kept in full, and the latest result is the report itself", async () => {
  const folder = temporaryFolder();
  const report = sampleReport({ script: "run-migrations" });
  const written = await write(folder, report, migration);
  const file = "20250617T103000Z-run-migrations-0196f3a0-7c1e-7a43-9d2f-3f6a5b1c2d4e.json";
  expect(written).toEqual({ warnings: [], runs: [file], latest: ["migration_status.json"] });
  expect(readJson(folder, "state", "runs", file)).toEqual(report);
  expect(readJson(folder, "reports", "migration_status.json")).toEqual(report);
});

test("verification_report holds every script, the worst verdict and the latest time", async () => {
  const folder = temporaryFolder();
  const earlier = sampleReport({ script: "verify-extensions", verdict: "unknown" });
  const later = sampleReport({ verdict: "pass" });
  await write(folder, { ...later, run: { ...later.run, endedAt: "2025-06-17T11:00:00.000Z" } });
  await write(folder, earlier);
  expect(readJson(folder, "reports", "verification_report.json")).toMatchObject({
    reportVersion: 1,
    updatedAt: "2025-06-17T11:00:00.000Z",
    verdict: "unknown",
    scripts: { "verify-connection": { verdict: "pass" }, "verify-extensions": { verdict: "unknown" } },
  });
});

test("a script without a report file and a dry run leave the latest result alone", async () => {
  const folder = temporaryFolder();
  const report = sampleReport();
  const { report: _, ...unreported } = testManifest;
  expect(await write(folder, report, unreported)).toMatchObject({ latest: ["ENOENT"], runs: { length: 1 } });
  const dry = { ...report, run: { ...report.run, id: "dry", dryRun: true } };
  expect(await write(folder, dry)).toMatchObject({ latest: ["ENOENT"], runs: { length: 2 } });
});

test("the newest 200 runs are kept, also when several prune at once; files of killed runs go", async () => {
  const folder = temporaryFolder();
  const runs = join(folder, "state", "runs");
  mkdirSync(runs, { recursive: true });
  for (let day = 0; day < 230; day++) writeFileSync(join(runs, `20240101T${String(day).padStart(6, "0")}Z-a-1.json`), "{}");
  writeFileSync(join(runs, "notes.txt"), "mine");
  for (const name of [".old.json.1.tmp", ".new.json.1.tmp"]) writeFileSync(join(runs, name), "x");
  utimesSync(join(runs, ".old.json.1.tmp"), 0, 0);
  const ids = ["1", "2", "3", "4"];
  const written = await Promise.all(ids.map((id) => write(folder, { ...sampleReport(), run: { ...sampleReport().run, id } }, migration)));
  expect(written.flatMap(({ warnings }) => warnings)).toEqual([]);
  const left = list(runs);
  expect(left.filter((name) => name.startsWith("2"))).toHaveLength(200);
  expect(left.filter((name) => name.startsWith("2025"))).toHaveLength(4);
  expect(left.filter((name) => !name.startsWith("2"))).toEqual([".new.json.1.tmp", "notes.txt"]);
});

test("what cannot be written is a warning that names the file and the reason, and the rest is written", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "state"), "a file");
  expect(await write(folder, sampleReport(), migration)).toMatchObject({
    warnings: [expect.stringMatching(/^The report of this run is not kept: .*state/u)],
    latest: ["migration_status.json"],
  });
  const other = temporaryFolder();
  mkdirSync(join(other, "reports"));
  const target = join(other, "reports", "migration_status.json");
  symlinkSync(join(other, "victim"), target);
  expect(await write(other, sampleReport(), migration)).toMatchObject({
    warnings: [`The latest migration_status is not updated: ${target} is not written: it is a symbolic link. Remove it, or choose another path.`],
    runs: { length: 1 },
  });
  expect(list(other)).toEqual(["reports", "state"]);
});
