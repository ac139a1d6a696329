import type { Report } from "@org/script";
import type { InitData } from "./init-database.ts";

/** The SQL of a dry run, else how much was made; the log and the JSON name each change. */
export function renderInit({ data, run }: Report<InitData>): string {
  if (data === null) return "";
  return [...(run.dryRun ? foretold(data) : told(data)), ...data.leftAlone.map(({ object, found }) => `left as it is: ${object} ${found}`)].join("\n");
}

function foretold({ changes, missingRights, database }: InitData): string[] {
  if (changes.length === 0) return ["Nothing is missing, nothing would be changed."];
  const first = missingRights.length === 0 ? [] : ["-- An administrator must first run:", ...missingRights.map((sql) => `--   ${sql}`)];
  return [...first, ...changes.flatMap(({ sql }) => (sql.startsWith("CREATE DATABASE") ? [`${sql};`, `-- In the database ${database}:`] : [ended(sql)]))];
}

function ended(sql: string): string {
  return sql.endsWith(";") ? sql : `${sql};`;
}

function told({ changes, credentialsFile }: InitData): string[] {
  if (changes.length === 0) return ["Nothing was missing, nothing was changed."];
  const credentials = credentialsFile === null ? [] : [`The connection URLs of the new roles are in ${credentialsFile}.`];
  return [`${changes.length === 1 ? "1 change was" : `${changes.length} changes were`} made.`, ...credentials];
}
