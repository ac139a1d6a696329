import { isScriptError } from "@org/exit-codes";
import { fail, pass, skipped, unknown, warn, type Check, type Finding, type Occurrence } from "@org/script";
import type { Drift } from "./drift.ts";
import type { Dated } from "./since.ts";
import { sourceNames, type SourceKind } from "./sources/source.ts";
import { severities, type Difference, type Kind, type Severity, type Unknown } from "@org/postgres/schema";

/** What came of the comparison: its differences, why it was not made, or why it could not be. */
export type DriftOutcome = { readonly drift: Drift } | { readonly skipped: string } | { readonly error: unknown };

interface Area {
  readonly id: string;
  readonly title: string;
  readonly kinds: readonly Kind[];
}

const areas: readonly Area[] = [
  { id: "schemas", title: "Schemas match", kinds: ["schema"] },
  { id: "tables", title: "Tables match", kinds: ["table"] },
  { id: "columns", title: "Columns match", kinds: ["column"] },
  { id: "constraints", title: "Constraints match", kinds: ["constraint"] },
  { id: "indexes", title: "Indexes and statistics match", kinds: ["index", "statistics"] },
  { id: "sequences", title: "Sequences match", kinds: ["sequence"] },
  { id: "views", title: "Views and rules match", kinds: ["view", "materialized view", "rule"] },
  { id: "functions", title: "Functions and procedures match", kinds: ["function", "procedure", "aggregate", "operator", "operator class", "operator family", "cast", "language", "transform", "access method"] },
  { id: "triggers", title: "Triggers match", kinds: ["trigger", "event trigger"] },
  { id: "policies", title: "Row security matches", kinds: ["policy"] },
  { id: "types", title: "Types match", kinds: ["type", "domain", "collation", "conversion", "text search configuration", "text search dictionary", "text search parser", "text search template"] },
  { id: "extensions", title: "Extensions match", kinds: ["extension"] },
  { id: "grants", title: "Privileges match", kinds: ["default privileges", "parameter"] },
  { id: "roles", title: "Roles match", kinds: ["role", "membership", "role setting"] },
  { id: "owners", title: "Owners match", kinds: [] },
  { id: "replication", title: "Publications and foreign data match", kinds: ["publication", "subscription", "foreign data wrapper", "foreign server", "user mapping"] },
  { id: "settings", title: "Database settings match", kinds: ["setting", "database", "server", "tablespace"] },
  { id: "jobs", title: "Cron jobs match", kinds: ["cron job"] },
  { id: "comments", title: "Comments match", kinds: [] },
];

/** Which check tells a difference: privileges, owners, comments and row security have their own, whatever they are of. */
function areaOf({ kind, property }: Pick<Difference, "kind" | "property">): string {
  if (property?.startsWith("grants ") === true) return "grants";
  if (property === "owner") return "owners";
  if (property === "comment") return "comments";
  if (property?.startsWith("row security") === true) return "policies";
  return areas.find(({ kinds }) => kinds.includes(kind))!.id;
}

export interface DriftCheckOptions {
  /** What the database is compared with, as the titles name it. */
  readonly source: SourceKind;
  readonly failOn: Severity;
}

/** One check for each area of the schema, and one for the rules of the config. */
export function driftChecks(outcome: DriftOutcome, { source, failOn }: DriftCheckOptions): readonly Check[] {
  const judged = (judge: (drift: Drift) => Finding) => (): Finding => {
    if ("skipped" in outcome) return skipped(outcome.skipped);
    return "error" in outcome ? couldNotCompare(outcome.error) : judge(outcome.drift);
  };
  return [
    ...areas.map((area) => ({ id: `drift.${area.id}`, title: `${area.title} ${sourceNames[source]}`, run: judged((drift) => judgeArea(area, drift, failOn)) })),
    { id: "drift.ignore-rules", title: "Every rule of schema.ignore accepts something", run: judged(judgeRules) },
  ];
}

function judgeRules({ unusedRules, ignored }: Drift): Finding {
  if (unusedRules.length === 0) return pass(`${ignored.length} differences are accepted, no rule is idle`);
  return warn(`accepts nothing: ${unusedRules.join("; ")}`, "Remove the rule from schema.ignore, or correct its kind, name or property.", { value: unusedRules.length, unit: "count" });
}

function judgeArea(area: Area, { differences, compared, unknown: unread }: Drift, failOn: Severity): Finding {
  const own = differences.filter((difference) => areaOf(difference) === area.id);
  const hidden = unread.filter((part) => area.kinds.includes(part.kind));
  if (own.length === 0) return hidden.length === 0 ? pass(looked(area, compared)) : couldNotRead(hidden);
  const isBad = own.some(({ severity }) => isAtLeast(severity, failOn));
  const next = area.id === "extensions" && own.some(({ change }) => change === "missing") ? `Run npx @org/deploy-extensions. ${remedy}` : remedy;
  return (isBad ? fail : warn)(own.map(describeDifference).join("; "), next, { value: own.length, unit: "count", occurrences: own.map((difference) => occurrence(difference, failOn)) });
}

function isAtLeast(severity: Severity, limit: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(limit);
}

/** As a rule a difference is known by its kind and what differs of it; grants are one rule, whoever holds them. */
function occurrence(difference: Dated, failOn: Severity): Occurrence {
  const { kind, object, property, change, severity, since } = difference;
  const what = property === null ? change : property.startsWith("grants to ") ? "grants" : property;
  return {
    rule: `${kind}-${what}`.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "-"),
    level: isAtLeast(severity, failOn) ? "error" : severity === "cosmetic" ? "note" : "warning",
    message: `${describeDifference(difference)} (${severity}); ${since.reason}`,
    object,
    remedy,
  };
}

const remedy =
  "Put what is meant into a new migration and undo the rest; a difference that is to stay goes into schema.ignore of the config, with its reason.";

function looked({ kinds }: Area, compared: Readonly<Record<string, number>>): string {
  const count = kinds.reduce((sum, kind) => sum + (compared[kind] ?? 0), 0);
  return kinds.length === 0 ? "no difference" : `${count} compared, no difference`;
}

/** What one side does not show may be anything. */
function couldNotRead(hidden: readonly Unknown[]): Finding {
  const parts = hidden.map(({ side, kind, object, property, reason }) => `${property ?? "everything"} of ${kind} ${object ?? "*"} is not known of what was ${side}: ${reason}`);
  return unknown([...new Set(parts)].join("; "), "Give the role the right to read it, or check with a role that has it.", { code: "permission" });
}

/** Nothing was compared, so nothing is known. Throws what is not an answer but a bug. */
function couldNotCompare(error: unknown): Finding {
  if (!isScriptError(error)) throw error;
  return unknown(`the database could not be compared: ${error.message}`, error.hint ?? "Mend the cause and run it again.", { code: error.code });
}

/** One difference in one line: what, where, how it should be and how it is. */
export function describeDifference({ kind, object, change, property, expected, found }: Difference): string {
  if (change === "missing") return `${kind} ${object} is missing`;
  if (change === "extra") return `${kind} ${object} is there and not expected`;
  return `${kind} ${object}: ${property} is ${brief(found)} instead of ${brief(expected)}`;
}

const longest = 80;

function brief(value: string | null): string {
  if (value === null) return "not set";
  const line = value.replaceAll(/\s+/gu, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
