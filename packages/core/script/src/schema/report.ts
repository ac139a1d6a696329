import { exitCodes, type ExitCode, type ExitCodeName } from "@org/exit-codes";
import * as v from "valibot";
import type { VerificationReport } from "../report-files/verification-report.ts";
import type { Report } from "../report.ts";
import { schemaOf } from "./schema-of.ts";

const time = v.pipe(v.string(), v.isoTimestamp());
const milliseconds = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const figure = v.union([v.number(), v.string()]);
const verdict = v.picklist(["pass", "warn", "fail", "unknown", "skipped"]);
const text = v.pipe(v.string(), v.nonEmpty());

const position = v.pipe(v.number(), v.integer(), v.minValue(1));

const occurrence = v.object({
  rule: text,
  level: v.picklist(["error", "warning", "note"]),
  message: v.string(),
  file: v.exactOptional(v.string()),
  line: v.exactOptional(position),
  column: v.exactOptional(position),
  object: v.exactOptional(v.string()),
  remedy: v.exactOptional(v.string()),
});

const checkResult = v.object({
  id: text,
  title: text,
  verdict,
  evidence: v.string(),
  value: v.exactOptional(figure),
  unit: v.exactOptional(v.string()),
  threshold: v.exactOptional(v.object({ value: figure, source: v.string() })),
  remedy: v.exactOptional(v.string()),
  occurrences: v.exactOptional(v.array(occurrence)),
  durationMs: milliseconds,
  code: v.exactOptional(v.picklist(Object.keys(exitCodes) as ExitCodeName[])),
});

// Objects are open: a reader of version 1 accepts what a later release adds.
const report = {
  reportVersion: v.literal(1),
  script: text,
  scriptVersion: text,
  run: v.object({
    id: text,
    startedAt: time,
    endedAt: time,
    durationMs: milliseconds,
    actor: v.string(),
    host: v.string(),
    gitSha: v.nullable(v.string()),
    environment: v.string(),
    arguments: v.array(v.string()),
    dryRun: v.boolean(),
  }),
  verdict,
  exitCode: v.picklist(Object.values(exitCodes) as ExitCode[]),
  counts: v.object({ total: count, ran: count, pass: count, warn: count, fail: count, unknown: count, skipped: count }),
  checks: v.array(checkResult),
  data: v.unknown(),
  error: v.nullable(v.object({ code: text, message: v.string(), hint: v.nullable(v.string()) })),
};

export const reportSchema: v.GenericSchema<unknown, Report> = schemaOf<Report>()(v.object(report));

/** The scripts whose latest report is `migration_status.json`. */
type MigrationStatus = Report & { readonly script: "run-migrations" | "rollback-migrations" };

export const migrationStatusSchema: v.GenericSchema<unknown, MigrationStatus> = schemaOf<MigrationStatus>()(
  v.object({ ...report, script: v.picklist(["run-migrations", "rollback-migrations"]) }),
);

export const verificationReportSchema: v.GenericSchema<unknown, VerificationReport> = schemaOf<VerificationReport>()(
  v.object({ reportVersion: v.literal(1), updatedAt: time, verdict, scripts: v.record(v.string(), v.object(report)) }),
);
