import type { IgnoredDifference } from "@org/script";
import type { Difference } from "@org/postgres/schema";

export interface Ignored {
  readonly difference: Difference;
  readonly reason: string;
}

export interface Accepted {
  readonly differences: readonly Difference[];
  readonly ignored: readonly Ignored[];
  /** The rules that accept nothing, in words: what they were for is gone, or they are written wrong. */
  readonly unusedRules: readonly string[];
}

/** Parts the differences that the config accepts from the others. A `*` stands for any text; the name of a table covers its parts. */
export function applyIgnoreRules(differences: readonly Difference[], rules: readonly IgnoredDifference[]): Accepted {
  const matching = differences.map((difference) => ({ difference, rule: rules.find((rule) => matches(rule, difference)) ?? otherHistory(difference) }));
  return {
    unusedRules: rules.filter((rule) => !differences.some((difference) => matches(rule, difference))).map(describeRule),
    differences: matching.flatMap(({ difference, rule }) => (rule === undefined ? [difference] : [])),
    ignored: matching.flatMap(({ difference, rule }) => (rule === undefined ? [] : [{ difference, reason: rule.reason }])),
  };
}

/** Where other migration tools keep their history: no migration makes it, and nobody wants it gone. */
const historyTables: ReadonlySet<string> = new Set([
  "_prisma_migrations",
  "_sqlx_migrations",
  "__diesel_schema_migrations",
  "__drizzle_migrations",
  "alembic_version",
  "ar_internal_metadata",
  "atlas_schema_revisions",
  "databasechangelog",
  "databasechangeloglock",
  "django_migrations",
  "flyway_schema_history",
  "goose_db_version",
  "knex_migrations",
  "knex_migrations_lock",
  "migrations",
  "pgmigrations",
  "schema_migrations",
  '"SequelizeMeta"',
]);

function otherHistory({ kind, object, change }: Difference): IgnoredDifference | undefined {
  const isHistory = kind === "table" && change === "extra" && historyTables.has(object.slice(object.indexOf(".") + 1));
  return isHistory ? { reason: "the history of another migration tool" } : undefined;
}

function matches({ kind, name, property }: IgnoredDifference, difference: Difference): boolean {
  if (kind !== undefined && kind !== difference.kind) return false;
  if (property !== undefined && !new RegExp(`^${pattern(property)}$`, "su").test(difference.property ?? "")) return false;
  return name === undefined || new RegExp(`^${pattern(name)}(?:\\..+)?$`, "su").test(difference.object);
}

function pattern(written: string): string {
  return written.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&")).join(".*");
}

function describeRule({ reason, ...rule }: IgnoredDifference): string {
  return `${Object.entries(rule).map(([part, value]) => `${part} ${value}`).join(", ")} (${reason})`;
}
