import { readFileSync, writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { manifestSchema } from "./src/schema/manifest.ts";
import { platformConfigSchema } from "./src/schema/platform-config.ts";
import { schemaSnapshotSchema } from "./src/schema/schema-snapshot.ts";
import { migrationStatusSchema, reportSchema, verificationReportSchema } from "./src/schema/report.ts";

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}

/** The text of every file in `schemas/`, by name; descriptions are the docstrings of the interfaces. */
export function generateSchemas(): Readonly<Record<string, string>> {
  return {
    "report.schema.json": textOf("Report", convert(reportSchema)),
    "migration_status.schema.json": textOf("MigrationStatusReport", convert(migrationStatusSchema)),
    "verification_report.schema.json": textOf("VerificationReport", convert(verificationReportSchema)),
    "schema_snapshot.schema.json": textOf("StoredReading", convert(schemaSnapshotSchema)),
    "manifest.schema.json": textOf("Manifest", forEditors(convert(manifestSchema))),
    "platform-config.schema.json": textOf("PlatformConfig", forEditors(withoutChecks(convert(platformConfigSchema)))),
  };
}

function convert(schema: GenericSchema): JsonSchema {
  return toJsonSchema(schema, {
    ignoreActions: ["check"],
    // A function; JSON has none, and `withoutChecks` removes the only place of one.
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === "custom" ? {} : undefined),
  }) as JsonSchema;
}

/** Checks are functions, so that only a module can hold them. */
function withoutChecks(schema: JsonSchema): JsonSchema {
  const { checks: _, ...properties } = schema.properties!;
  return { ...schema, properties };
}

/** A JSON file names its schema for the editor. */
function forEditors(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { $schema: { type: "string" }, ...schema.properties } };
}

function textOf(name: string, schema: JsonSchema): string {
  describe(schema, name);
  return `${JSON.stringify(schema, null, 2)}\n`;
}

interface Documented {
  readonly doc: string | undefined;
  readonly properties: Readonly<Record<string, { readonly doc: string | undefined; readonly type: string }>>;
}

const sources = ["check", "report", "migration-status", "manifest", "config", "report-files/verification-report", "../../postgres/src/schema/read-snapshot", "../../postgres/src/schema/stored-reading"];
const interfaces = new Map<string, Documented>();
for (const source of sources) readInterfaces(new URL(`src/${source}.ts`, import.meta.url));

/** Copies the docstrings of an interface, of those that it extends and of those that its properties name. */
function describe(schema: JsonSchema, name: string): void {
  const documented = interfaces.get(name)!;
  if (documented.doc !== undefined) schema.description = documented.doc;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const { doc, type } = documented.properties[key] ?? { doc: undefined, type: "" };
    const inner = [...type.matchAll(/\b[A-Z]\w+/gu)].map(([word]) => word).find((word) => interfaces.has(word));
    for (const object of inner === undefined ? [] : objectsOf(property)) describe(object, inner!);
    if (doc !== undefined) property.description = doc;
  }
}

function objectsOf(schema: JsonSchema): JsonSchema[] {
  if (schema.properties !== undefined) return [schema];
  const { items, additionalProperties, anyOf = [] } = schema;
  const rest = typeof additionalProperties === "object" ? [additionalProperties] : [];
  return [...(items === undefined ? [] : [items]), ...rest, ...anyOf].flatMap(objectsOf);
}

/** Of the files before it, an interface may extend what they declare. */
function readInterfaces(file: URL): void {
  const text = readFileSync(file, "utf8");
  const declaration = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export interface (\w+)(?:<[^>]*>)?(?: extends (\w*)[^{]*?)? \{\n([\s\S]*?)\n\}/gu;
  for (const [, doc, name, base, body] of text.matchAll(declaration)) {
    const inherited = interfaces.get(base ?? "")?.properties;
    interfaces.set(name ?? "", { doc: sentence(doc), properties: { ...inherited, ...readProperties(body ?? "") } });
  }
}

function readProperties(body: string): Documented["properties"] {
  const property = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n\s*)?readonly (\w+)\??: ([^\n]*);/gu;
  return Object.fromEntries([...body.matchAll(property)].map(([, doc, name, type]) => [name ?? "", { doc: sentence(doc), type: type ?? "" }]));
}

function sentence(doc: string | undefined): string | undefined {
  return doc?.replace(/\n\s*\*/gu, "\n").replace(/\s+/gu, " ").trim();
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(generateSchemas())) writeFileSync(new URL(`schemas/${name}`, import.meta.url), text);
}
