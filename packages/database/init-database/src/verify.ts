import { quoteIdentifier } from "@org/postgres";
import { checkResult, fail, pass, skipped, warn, type CheckResult, type Finding } from "@org/script";
import { stateMigrations } from "@org/script/history";
import type { Catalog } from "./catalog.ts";
import type { Desired } from "./desired.ts";
import { differences, type Difference } from "./differences.ts";
import { heldKey } from "./grants.ts";
import { plan } from "./plan.ts";

const checks = {
  "database.exists": { title: "The database exists", answer: databaseExists },
  "database.encoding": { title: "The database is in UTF-8", answer: encoding },
  "roles.exist": { title: "The roles exist", answer: rolesExist },
  "roles.least-privilege": { title: "No role has more than it needs", answer: leastPrivilege },
  "schemas.exist": { title: "The schemas exist", answer: schemasExist },
  "schemas.public-create": { title: "Not everybody can create in the schema public", answer: publicCreate },
  "privileges.complete": { title: "Every privilege is in place", answer: complete },
  "state.version": { title: "The state tables have the version of this release", answer: stateVersion },
} as const;

/** Holds what there is after the run against what was desired. */
export function verify(desired: Desired, catalog: Catalog): CheckResult[] {
  return Object.entries(checks).map(([id, { title, answer }]) => checkResult({ id, title }, answer(desired, catalog)));
}

/** What a dry run says instead. */
export function unverified(): CheckResult[] {
  return Object.entries(checks).map(([id, { title }]) => checkResult({ id, title }, skipped("dry run: this check would run after the changes")));
}

const again = "Run npx @org/init-database again, and look into its log.";

function databaseExists({ database }: Desired, catalog: Catalog): Finding {
  const name = quoteIdentifier(database);
  return catalog.database.exists ? pass(`${name} exists and belongs to ${quoteIdentifier(catalog.database.owner)}`) : fail(`${name} does not exist`, again);
}

function encoding(_: Desired, { database }: Catalog): Finding {
  if (database.encoding === "UTF8") return pass("the encoding is UTF8");
  return warn(`the encoding is ${database.encoding}, which cannot hold every text`, "Make a database with ENCODING 'UTF8' TEMPLATE template0 and move the data.");
}

function rolesExist({ roles }: Desired, catalog: Catalog): Finding {
  const missing = roles.filter(({ name }) => !catalog.roles.has(name));
  if (missing.length === 0) return pass(`${roles.length} roles exist: ${list(roles.map(({ name }) => name))}`, { value: roles.length, unit: "count" });
  return fail(`missing: ${list(missing.map(({ name }) => name))}`, again);
}

function leastPrivilege(desired: Desired, catalog: Catalog): Finding {
  const risky = differences(desired, catalog).filter(({ risky }) => risky);
  if (risky.length === 0) return pass("no role is more than it was made for");
  return warn(risky.map(({ object, found }) => `${object} ${found}`).join("; "), `It is left as it is; unless that is meant, run: ${risky.map(({ remedy }: Difference) => remedy).join(" ")}`);
}

function schemasExist({ schemas, stateSchema }: Desired, { database }: Catalog): Finding {
  const wanted = [...schemas, stateSchema];
  const missing = wanted.filter((schema) => !database.schemas.has(schema));
  return missing.length === 0 ? pass(`${wanted.length} schemas exist: ${list(wanted)}`, { value: wanted.length, unit: "count" }) : fail(`missing: ${list(missing)}`, again);
}

function publicCreate({ schemas }: Desired, { database }: Catalog): Finding {
  if (!database.schemas.has("public")) return skipped("there is no schema public");
  if (!database.held.has(heldKey({ kind: "schema", name: "public" }, null, "CREATE"))) return pass("only the roles that were given the right can");
  const remedy = "Let its owner run: REVOKE CREATE ON SCHEMA public FROM PUBLIC;";
  return schemas.includes("public") ? fail("everybody can", remedy) : warn("everybody can; the schema is none of the application's", remedy);
}

function complete(desired: Desired, catalog: Catalog): Finding {
  const left = plan(desired, catalog);
  if (left.length === 0) return pass("a new plan has nothing left to do");
  return fail(`${left.length} steps are left: ${left.slice(0, 3).map(({ title }) => title).join("; ")}`, again);
}

function stateVersion({ stateSchema }: Desired, { database: { stateVersion: found } }: Catalog): Finding {
  const wanted = stateMigrations(stateSchema).length;
  const extra = { value: found ?? 0, threshold: { value: wanted, source: "default" } };
  if (found === wanted) return pass(`version ${found} in the schema ${quoteIdentifier(stateSchema)}`, extra);
  if ((found ?? 0) > wanted) return warn(`version ${found}, made by a newer release; this one knows ${wanted}`, "Use the newer release here too.", extra);
  return fail(`version ${found ?? "none"} instead of ${wanted}`, again, extra);
}

function list(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(", ");
}
