import type { Report } from "@org/script";
import type { MigrationState } from "./migration-state.ts";
import type { PlannedFile } from "./lint/lint-files.ts";
import { printable } from "./printable.ts";
import type { MigrationStatus } from "./status.ts";

/** What a reader wants to know: every migration for `status`, else those that this run dealt with. */
export function renderStatus({ data }: Report<MigrationStatus>): string {
  if (data === null) return "";
  const now = new Set(data.appliedNow.map(({ version }) => version));
  const shown = data.migrations.filter(({ state, version }) => data.action === "status" || state !== "applied" || now.has(version));
  const before = data.counts.applied - now.size;
  return [
    ...(data.plan ?? []).flatMap(planLines),
    ...data.recordedNow.map(({ version, name, change }) => `${data.action === "dry-run" ? "would record" : "recorded"} ${version} ${printable(name)} as ${change}`),
    ...shown.filter(({ version }) => data.plan === null || !data.plan.some((file) => file.version === version)).map((migration) => line(migration, data)),
    ...(before > 0 && data.action !== "status" ? [`${before} applied before`] : []),
    ...(data.failure?.excerpt ? ["", `${printable(data.failure.file)}:${data.failure.line}:${data.failure.column}`, data.failure.excerpt] : []),
  ].join("\n");
}

function planLines({ file, inTransaction, statements, findings }: PlannedFile): string[] {
  return [
    `would apply ${printable(file)}  (${inTransaction ? "in one transaction" : "statement by statement"})`,
    ...statements.flatMap(({ line: at, text, locks, rewrite, inTransaction: inside }) => [
      `  ${at}: ${printable(text)}`,
      ...(locks.length === 0 && rewrite === "no" && inside === inTransaction ? [] : [`     ${[...locks.map(({ relation, mode }) => `${mode} on ${printable(relation)}`), ...rewriteWords[rewrite], ...(inside ? [] : ["outside a transaction"])].join(", ")}`]),
    ]),
    ...findings.map(({ level, line: at, column, rule, message, hint }) => `  ${level} ${printable(file)}:${at}:${column} ${rule}: ${printable(message)} ${hint}`),
  ];
}

const rewriteWords = { no: [], maybe: ["may rewrite the table"], yes: ["rewrites the table"] } as const;

function line({ version, name, file, state, appliedAt, durationMs, outOfOrder, lastError }: MigrationState, { action, failure }: MigrationStatus): string {
  const word = failure?.version === version ? "failed" : state === "pending" && action === "dry-run" ? "would apply" : state;
  const details = [
    appliedAt === null ? undefined : appliedAt,
    durationMs === null ? undefined : `${Math.round(durationMs)} ms`,
    outOfOrder ? "out of order" : undefined,
    lastError === null || action !== "status" ? undefined : `did not end well before: ${printable(lastError.split("\n", 1)[0] ?? "")}`,
  ].filter((detail) => detail !== undefined);
  return `${word.padEnd(11)} ${printable(file ?? `${version} ${name}`)}${details.length === 0 ? "" : `  (${details.join(", ")})`}`;
}
