import { qualifiedName, quoteLiteral } from "@org/postgres";
import { insertStatement, type FileToRun, type HistoryTarget } from "@org/run-migrations";
import type { MadeByFile, MadeObject } from "./made-objects.ts";

/**
 * Statements for the transaction of a way back, one for each repeatable file: it counts as rolled back too when something that it may have made is
 * gone by then. Nobody knows what was there before a way back that goes on where it stopped, so after that each of them counts as rolled back.
 */
export function recordLost(made: readonly MadeByFile[], history: HistoryTarget, { progress }: FileToRun): readonly string[] {
  return made.flatMap(({ migration, objects }) => {
    const lost = progress === null ? gone(objects) : ["TRUE"];
    if (lost.length === 0) return [];
    const ofFile = `version OPERATOR(pg_catalog.=) ${quoteLiteral(migration.version)}`;
    const latest = `SELECT direction FROM ${qualifiedName(history.schema, "migration_history")} WHERE ${ofFile} ORDER BY id DESC LIMIT 1`;
    const onlyIf = `(${lost.join(" OR ")}) AND (${latest}) OPERATOR(pg_catalog.=) 'up'`;
    return [insertStatement(history, { migration: { ...migration, checksum: null }, direction: "down", status: "applied", startedAt: new Date(), durationMs: 0, onlyIf })];
  });
}

/** One condition for each catalog. */
function gone(objects: readonly MadeObject[]): readonly string[] {
  return [...Map.groupBy(objects, ({ catalog }) => catalog)].map(([catalog, listed]) => {
    const oids = `'{${listed.map(({ oid }) => oid).join(",")}}'::pg_catalog.oid[]`;
    const there = `SELECT FROM pg_catalog.${catalog} AS there WHERE there.oid OPERATOR(pg_catalog.=) made.oid`;
    return `EXISTS (SELECT FROM pg_catalog.unnest(${oids}) AS made (oid) WHERE NOT EXISTS (${there}))`;
  });
}
