import { exitCodes, type ExitCode, type ExitCodeName } from "@org/exit-codes";
import * as v from "valibot";
import { migrationLayouts, type MigrationStatusReport } from "../migration-status.ts";
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

const resumePoint = v.object({ statement: position, of: position, line: v.nullable(position) });

const migrationState = v.object({
  version: text,
  name: text,
  file: v.nullable(text),
  state: v.picklist(["applied", "pending", "failed", "changed", "missing"]),
  outOfOrder: v.boolean(),
  appliedAt: v.nullable(time),
  appliedBy: v.nullable(text),
  durationMs: v.nullable(milliseconds),
  runId: v.nullable(text),
  lastError: v.nullable(v.string()),
  resumesAt: v.nullable(resumePoint),
});

const migrationFailure = v.object({
  version: text,
  file: text,
  sqlState: v.nullable(text),
  message: v.string(),
  detail: v.nullable(v.string()),
  line: v.nullable(position),
  column: v.nullable(position),
  excerpt: v.nullable(v.string()),
  rolledBack: v.boolean(),
});

const migrationFacts = v.object({
  directory: text,
  layout: v.picklist(migrationLayouts),
  stateSchema: text,
  counts: v.object({ applied: count, pending: count, failed: count, changed: count, missing: count }),
  failure: v.nullable(migrationFailure),
  migrations: v.array(migrationState),
});

export const migrationStatusSchema: v.GenericSchema<unknown, MigrationStatusReport> = schemaOf<MigrationStatusReport>()(
  v.object({ ...report, script: v.picklist(["run-migrations", "rollback-migrations"]), data: v.nullable(migrationFacts) }),
);

export const verificationReportSchema: v.GenericSchema<unknown, VerificationReport> = schemaOf<VerificationReport>()(
  v.object({ reportVersion: v.literal(1), updatedAt: time, verdict, scripts: v.record(v.string(), v.object(report)) }),
);
