import { quoteIdentifier } from "./identifiers.ts";
import type { Refused, ServerError } from "./server-findings.ts";

/** What an administrator must do about a refusal (42501), as exact SQL where the server's message tells enough. */
export function missingRight(error: ServerError, refused: Refused): string {
  const sql = attributeSql(error, refused) ?? grantSql(error, refused);
  if (sql !== undefined) return `Let an administrator run: ${sql}`;
  const owned = /^must be owner of (.+)$/s.exec(error.message)?.[1];
  if (owned !== undefined) return `Run this as the owner of ${owned}, or as a member of the owning role.`;
  return error.hint ?? `Let an administrator give the role ${name(refused.user)} the right that the message names.`;
}

function attributeSql({ message, hint }: ServerError, { user, database }: Refused): string | undefined {
  if (message.startsWith("permission denied to create database")) return `ALTER ROLE ${name(user)} CREATEDB;`;
  if (message.startsWith("permission denied to create role")) return `ALTER ROLE ${name(user)} CREATEROLE;`;
  if (message.startsWith("permission denied to create temporary tables")) return `GRANT TEMPORARY ON DATABASE ${name(database)} TO ${name(user)};`;
  // Only a trusted extension needs no more than this right; for the others the server's own hint asks for a superuser.
  if (message.startsWith("permission denied to create extension") && hint?.includes("CREATE privilege on current database") === true) {
    return `GRANT CREATE ON DATABASE ${name(database)} TO ${name(user)};`;
  }
  return undefined;
}

// The kinds of object as the server's messages name them, with GRANT's word and the right that is wanted when the statement does not tell.
const kinds: Readonly<Record<string, readonly [keyword: string, right: string]>> = {
  table: ["TABLE", "SELECT"],
  view: ["TABLE", "SELECT"],
  "materialized view": ["TABLE", "SELECT"],
  "foreign table": ["TABLE", "SELECT"],
  sequence: ["SEQUENCE", "USAGE"],
  schema: ["SCHEMA", "USAGE"],
  database: ["DATABASE", "CREATE"],
  function: ["FUNCTION", "EXECUTE"],
  procedure: ["PROCEDURE", "EXECUTE"],
  type: ["TYPE", "USAGE"],
  language: ["LANGUAGE", "USAGE"],
  "foreign server": ["FOREIGN SERVER", "USAGE"],
  "foreign-data wrapper": ["FOREIGN DATA WRAPPER", "USAGE"],
};

function grantSql(error: ServerError, { user, statement }: Refused): string | undefined {
  const [, kind = "", object = ""] = /^permission denied for (materialized view|foreign table|foreign server|\S+) (.+)$/s.exec(error.message) ?? [];
  const [keyword, usual] = kinds[kind] ?? [];
  if (keyword === undefined || usual === undefined) return undefined;
  const right = wantedRight(keyword, statement) ?? (error.detail?.includes("CONNECT privilege") === true ? "CONNECT" : usual);
  // Only the refusal at login puts the name in quotes.
  return `GRANT ${right} ON ${keyword} ${name(object.replace(/^"(.*)"$/s, "$1"))} TO ${name(user)};`;
}

function wantedRight(keyword: string, statement: string | undefined): string | undefined {
  const verb = /^\s*(\w+)/.exec(statement ?? "")?.[1]?.toUpperCase();
  if (keyword === "SCHEMA") return verb === "CREATE" || verb === "ALTER" ? "CREATE" : undefined;
  if (keyword !== "TABLE") return undefined;
  return verb === "INSERT" || verb === "UPDATE" || verb === "DELETE" || verb === "TRUNCATE" ? verb : undefined;
}

// Quoted only where SQL needs it, because people read and type these.
function name(text: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(text) ? text : quoteIdentifier(text);
}
