export type { Difference, Kind, Severity } from "./model.ts";
export { validateSchemaConsistency } from "./script.ts";
export type { SchemaConsistency } from "./validate.ts";
