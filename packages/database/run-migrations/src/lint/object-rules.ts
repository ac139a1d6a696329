import { Buffer } from "node:buffer";
import type { Node } from "libpg-query";
import { constraintsOf } from "./rewrites.ts";
import { relationName } from "./parse-statement.ts";
import { alterations, type LintedStatement, type LintRule } from "./rule.ts";

/** About objects beside tables, their names and who may use them. */
export const objectRules: readonly LintRule[] = [
  {
    name: "ban-truncate-cascade",
    level: "error",
    check: ({ node }) => ("TruncateStmt" in node && node.TruncateStmt.behavior === "DROP_CASCADE" ? ["the rows of every table that refers to it are gone too", "Name the tables that are meant, without CASCADE"] : undefined),
  },
  {
    name: "ban-alter-domain-with-add-constraint",
    level: "error",
    check: ({ node }) => {
      if (!("AlterDomainStmt" in node) || node.AlterDomainStmt.subtype !== "C") return undefined;
      const { def } = node.AlterDomainStmt;
      if (def !== undefined && "Constraint" in def && def.Constraint.skip_validation === true) return undefined;
      return ["every table with a column of the domain is looked at under a lock that stops writes", "Add it with NOT VALID, and run VALIDATE CONSTRAINT in a later file"];
    },
  },
  {
    name: "ban-create-domain-with-constraint",
    level: "warn",
    check: ({ node }) => ("CreateDomainStmt" in node && constraintsOf(node.CreateDomainStmt).length > 0 ? ["a constraint of a domain can be changed only for all tables at once", "Put the CHECK on the columns"] : undefined),
  },
  {
    name: "changing-authorization",
    level: "warn",
    check: (statement) => (opensUp(statement) ? ["rows may become visible or writable for those who had no right to them, or hidden from those who had", "Have it reviewed by whoever owns the policies"] : undefined),
  },
  {
    name: "upgrading-extension",
    level: "warn",
    check: ({ node }) => ("AlterExtensionStmt" in node ? ["the scripts of the extension may lock and rewrite whatever is made of its types", "Read its release notes, and rehearse it"] : undefined),
  },
  {
    name: "require-enum-value-ordering",
    level: "warn",
    check: ({ node }) => {
      if (!("AlterEnumStmt" in node) || node.AlterEnumStmt.oldVal !== undefined || node.AlterEnumStmt.newValNeighbor !== undefined) return undefined;
      return ["the value is put behind all others, and so it sorts", "Say where it belongs with BEFORE or AFTER"];
    },
  },
  {
    name: "identifier-too-long",
    level: "error",
    check: ({ text }) => {
      const long = identifiers(text).find((name) => Buffer.byteLength(name) > 63);
      return long === undefined ? undefined : [`the server cuts the name ${long.slice(0, 20)}… to 63 bytes, where it may meet another one`, "Use a shorter name"];
    },
  },
  {
    name: "require-table-schema",
    level: "off",
    check: ({ node }) => {
      if (!("CreateStmt" in node) || node.CreateStmt.relation?.schemaname !== undefined || node.CreateStmt.relation?.relpersistence === "t") return undefined;
      return ["where the table is made depends on the search path of the session", "Write the name with its schema"];
    },
  },
  {
    name: "prefer-robust-stmts",
    level: "off",
    check: ({ node, fileInTransaction }) => (fileInTransaction || isRobust(node) ? undefined : ["outside a transaction a second run of it fails", "Use IF NOT EXISTS or IF EXISTS"]),
  },
];

function opensUp(statement: LintedStatement): boolean {
  const { node, isNew } = statement;
  if ("AlterPolicyStmt" in node) return !isNew(relationName(node.AlterPolicyStmt.table));
  if ("DropStmt" in node) return node.DropStmt.removeType === "OBJECT_POLICY";
  return alterations(statement).some(({ subtype }) => subtype === "AT_DisableRowSecurity" || subtype === "AT_NoForceRowSecurity");
}

function isRobust(node: Node): boolean {
  if ("CreateStmt" in node) return node.CreateStmt.if_not_exists === true;
  if ("IndexStmt" in node) return node.IndexStmt.if_not_exists === true;
  return !("DropStmt" in node) || node.DropStmt.missing_ok === true;
}

// The parser has cut the names already, so they are read from the text: what is quoted or commented otherwise is passed over.
const token = /'(?:[^']|'')*'|\$(\w*)\$[^]*?\$\1\$|--[^\n]*|\/\*[^]*?\*\/|"(?<quoted>(?:[^"]|"")+)"|(?<bare>[\p{L}_][\p{L}\p{N}_$]*)/gu;

function identifiers(text: string): readonly string[] {
  return [...text.matchAll(token)].flatMap(({ groups }) => groups?.["quoted"]?.replaceAll('""', '"') ?? groups?.["bare"] ?? []);
}
