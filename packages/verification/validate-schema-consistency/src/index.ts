export type { Difference, Kind, Severity } from "@org/postgres/schema";
export { validateSchemaConsistency } from "./script.ts";
export type { Since } from "./since.ts";
export type { SchemaConsistency } from "./validate.ts";
