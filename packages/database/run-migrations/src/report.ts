import type { Report } from "@org/script";
import type { HookRun } from "./hooks/hook.ts";
import type { PlannedFile } from "./lint/lint-files.ts";
import type { MigrationFailure } from "./migration-error.ts";
import { isPending, type MigrationState, type ResumePoint } from "./migration-state.ts";
import { printable } from "./printable.ts";
import { sizeOf } from "./rehearse/rehearsal-check.ts";
import type { RehearsedFile } from "./rehearse/rehearsal.ts";
import type { RepeatableState, RepeatableStateName } from "./repeatables.ts";
import type { MigrationStatus } from "./status.ts";

/** What a reader wants to know: every migration for `status`, else those that this run dealt with. */
export function renderStatus({ data }: Report<MigrationStatus>): string {
  if (data === null) return "";
  const now = new Set(data.appliedNow.map(({ version }) => version));
  const isShown = ({ state, version }: MigrationState | RepeatableState): boolean => data.action === "status" || state !== "applied" || now.has(version);
  const isPlanned = ({ version }: { readonly version: string }): boolean => data.plan?.some((file) => file.version === version) ?? false;
  const before = data.migrations.filter(({ state, version }) => state === "applied" && !now.has(version)).length;
  return [
    ...(data.plan ?? []).flatMap(planLines),
    ...(data.rehearsal?.files ?? []).flatMap(rehearsalLines),
    ...data.recordedNow.map(({ version, name, change }) => `${data.action === "dry-run" ? "would record" : "recorded"} ${version} ${printable(name)} as ${change}`),
    ...data.migrations.filter((one) => isShown(one) && !isPlanned(one)).map((migration) => line(migration, data)),
    ...data.repeatables.filter((one) => isShown(one) && !isPlanned(one)).map((repeatable) => repeatableLine(repeatable, data)),
    ...data.hooks.map(hookLine),
    ...(before > 0 && data.action !== "status" ? [`${before} applied before`] : []),
    ...excerptLines(data.failure ?? data.rehearsal?.failure ?? null),
  ].join("\n");
}

function excerptLines(failure: MigrationFailure | null): string[] {
  return failure?.excerpt ? ["", `${printable(failure.file)}:${failure.line}:${failure.column}`, failure.excerpt] : [];
}

function rehearsalLines({ file, durationMs, statements }: RehearsedFile): string[] {
  return [
    `rehearsed   ${printable(file)}  (${durationMs} ms on empty tables)`,
    ...statements.flatMap(({ line: at, text, durationMs: took, isLeftOut, locks, rewrites, scans }) => [
      `  ${at}: ${printable(text)}  (${isLeftOut ? "left out: it reaches beyond the database" : `${took} ms`})`,
      ...locks.filter(({ blocks }) => blocks !== "nothing").map((lock) => `     ${lock.mode} on ${printable(lock.relation)} (${sizeOf(lock)}): blocks ${lock.blocks}`),
      ...rewrites.map((relation) => `     rewrites ${printable(relation)}`),
      ...scans.map((relation) => `     reads every row of ${printable(relation)}`),
    ]),
  ];
}

function planLines({ file, inTransaction, statements, findings }: PlannedFile): string[] {
  return [
    `would apply ${printable(file)}  (${inTransaction ? "in one transaction" : "statement by statement"})`,
    ...statements.flatMap((statement) => [`  ${statement.line}: ${printable(statement.text)}`, ...effectLine(statement)]),
    ...findings.map(({ level, line: at, column, rule, message, hint }) => `  ${level} ${printable(file)}:${at}:${column} ${rule}: ${printable(message)} ${hint}`),
  ];
}

function effectLine({ locks, rewrite, inTransaction }: PlannedFile["statements"][number]): string[] {
  const effects = [...locks.map(({ relation, mode }) => `${mode} on ${printable(relation)}`), ...rewriteWords[rewrite], ...(inTransaction ? [] : ["outside a transaction"])];
  return effects.length === 0 ? [] : [`     ${effects.join(", ")}`];
}

const rewriteWords = { no: [], maybe: ["may rewrite the table"], yes: ["rewrites the table"] } as const;

function line({ version, name, file, state, appliedAt, durationMs, outOfOrder, lastError, resumesAt }: MigrationState, { action, failure }: MigrationStatus): string {
  const word = failure?.version === version ? "failed" : isPending({ state }) && action === "dry-run" ? "would apply" : state;
  const details = [
    appliedAt,
    durationMs === null ? null : `${Math.round(durationMs)} ms`,
    outOfOrder ? "out of order" : null,
    resumesAt === null ? null : resumption(resumesAt),
    lastError === null || action !== "status" ? null : `did not end well before: ${firstLine(lastError)}`,
  ];
  return listed(word, file ?? `${version} ${name}`, details);
}

function resumption({ statement, of, line: at }: ResumePoint): string {
  return at === null ? `goes on after its last statement, ${of}` : `goes on at its statement ${statement} of ${of}, line ${at}`;
}

const repeatableWords: Readonly<Record<RepeatableStateName, string | null>> = { applied: null, pending: null, changed: "its text has changed, so it runs again", failed: null, lost: "a rollback took along what it had made, so it runs again" };

function repeatableLine({ version, file, state, appliedAt, durationMs, lastError }: RepeatableState, { action, failure }: MigrationStatus): string {
  const word = failure?.version === version ? "failed" : state !== "applied" && action === "dry-run" ? "would apply" : state;
  const details = [appliedAt, durationMs === null ? null : `${Math.round(durationMs)} ms`, repeatableWords[state], lastError === null || action !== "status" ? null : `did not end well before: ${firstLine(lastError)}`];
  return listed(word, file, details);
}

function hookLine({ moment, hook, version, state, durationMs }: HookRun): string {
  const word = { planned: "would run", ran: "ran", failed: "failed" }[state];
  return listed(word, hook, [moment, version === null ? null : `version ${version}`, durationMs === null ? null : `${Math.round(durationMs)} ms`]);
}

function firstLine(text: string): string {
  return printable(text.split("\n", 1)[0] ?? "");
}

function listed(word: string, what: string, details: readonly (string | null)[]): string {
  const told = details.filter((detail) => detail !== null);
  return `${word.padEnd(11)} ${printable(what)}${told.length === 0 ? "" : `  (${told.join(", ")})`}`;
}
