import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { storeReading } from "@org/postgres/schema";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, test } from "vitest";
import { generateSchemas } from "../../generate-schemas.ts";
import { defineScript } from "../define-script.ts";
import { pass } from "../findings.ts";
import type { MigrationFacts } from "../migration-status.ts";
import type { Report } from "../report.ts";
import { runChecks } from "../run-checks.ts";
import { writeReportFiles } from "../report-files/write-report-files.ts";
import { testManifest } from "../testing/manifest.ts";
import { recordingLogger } from "../testing/recording-logger.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const folder = join(import.meta.dirname, "../../schemas");
const repository = join(import.meta.dirname, "../../../../..");
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

function validator(name: string): ValidateFunction {
  // Formats are annotations here: times are written by toISOString.
  return new Ajv({ allErrors: true, formats: { "date-time": true } }).compile(read(join(folder, name)) as object);
}

function problems(name: string, value: unknown): string[] {
  const validate = validator(name);
  validate(JSON.parse(JSON.stringify(value)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test("the committed schemas are what the code generates (node packages/core/script/generate-schemas.ts)", () => {
  const committed = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  expect(Object.fromEntries(committed)).toEqual(generateSchemas());
});

test("a stored snapshot validates, and one without its format does not", () => {
  const stored = JSON.parse(storeReading({ serverVersion: 150_018, clusterWide: false, unread: [], parts: [{ kind: "table", rows: [{ name: "public.a", acl: ["r=a/me"] }] }] })) as object;
  expect(problems("schema_snapshot.schema.json", stored)).toEqual([]);
  expect(problems("schema_snapshot.schema.json", { ...stored, snapshotFormat: undefined })).toEqual([" must have required property 'snapshotFormat'"]);
});

const migrationFacts: MigrationFacts = {
  directory: "migrations",
  layout: "files",
  stateSchema: "platform",
  counts: { applied: 0, pending: 0, failed: 1, changed: 0, missing: 0 },
  failure: { version: "1", file: "1_a.sql", sqlState: "42601", message: "syntax error", detail: null, line: 2, column: 1, excerpt: "selct\n^", rolledBack: true },
  migrations: [
    { version: "1", name: "a", file: "1_a.sql", state: "failed", outOfOrder: false, appliedAt: null, appliedBy: null, durationMs: null, runId: null, lastError: "syntax error", resumesAt: { statement: 2, of: 3, line: null } },
  ],
};

describe("reports", () => {
  const script = defineScript({
    manifest: testManifest,
    package: { name: "@org/verify-connection", version: "0.1.0" },
    options: {},
    run: async (context) => {
      const check = { id: "tcp", title: "It answers", run: () => pass("it does", { value: 2, unit: "ms", threshold: { value: 5, source: "default" } }) };
      return { checks: await runChecks({ checks: [check], open: (use) => use({}), context }), data: { server: "15.4" } };
    },
  });

  test("a run of a script validates, and so does one that ended early", async () => {
    expect(problems("report.schema.json", await script())).toEqual([]);
    const error = { code: "connection", message: "refused", hint: null };
    expect(problems("report.schema.json", sampleReport({ checks: [], verdict: "unknown", exitCode: 4, data: null, error }))).toEqual([]);
  });

  test("the files of the latest results validate", async () => {
    const folder = temporaryFolder();
    const write = (report: Report, name: string): Promise<void> =>
      writeReportFiles({ report, manifest: { ...testManifest, report: name }, stateDir: join(folder, "state"), reportDir: folder, logger: recordingLogger() });
    await write(await script(), "verification_report");
    await write(sampleReport({ script: "verify-extensions" }), "verification_report");
    await write(sampleReport({ script: "run-migrations", data: migrationFacts }), "migration_status");
    for (const name of ["verification_report", "migration_status"]) {
      expect(problems(`${name}.schema.json`, read(join(folder, `${name}.json`)))).toEqual([]);
    }
  });

  test("what is no report is refused", () => {
    const { counts: _, ...uncounted } = sampleReport();
    expect(problems("report.schema.json", uncounted)).toEqual([" must have required property 'counts'"]);
    expect(problems("report.schema.json", { ...sampleReport(), verdict: "ok", exitCode: 9 })).toHaveLength(2);
    const status = sampleReport({ script: "rollback-migrations", data: null });
    expect(problems("migration_status.schema.json", status)).toEqual([]);
    expect(problems("migration_status.schema.json", { ...status, script: "verify-connection" })).toHaveLength(1);
    const [state] = migrationFacts.migrations;
    const halfDone = { ...migrationFacts, migrations: [{ ...state, state: "done" }] };
    expect(problems("migration_status.schema.json", { ...status, data: halfDone })).toContain("/data/migrations/0/state must be equal to one of the allowed values");
  });
});

describe("manifests", () => {
  const manifests = globSync("packages/*/*/script.json", { cwd: repository });

  test("every script.json of the repository validates", () => {
    expect(manifests.length).toBeGreaterThan(5);
    for (const file of manifests) expect([file, problems("manifest.schema.json", read(join(repository, file)))]).toEqual([file, []]);
  });

  test("unknown keys, durations without a unit and unknown permissions are refused", () => {
    expect(problems("manifest.schema.json", { ...testManifest, extra: 1, timeout: "30", permission: "root" })).toHaveLength(3);
  });
});

test("a config for an editor may name its schema and knows every key but checks", () => {
  expect(problems("platform-config.schema.json", { $schema: "x", databaseUrl: "postgres://localhost", thresholds: { query: 1 } })).toEqual([]);
  expect(problems("platform-config.schema.json", { databseUrl: "x", checks: [] })).toHaveLength(2);
});
