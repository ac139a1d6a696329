import type { PostgresOptions } from "@org/postgres";

/** How a database is opened to be looked at; one pass over the catalogs of ten thousand tables needs more than the usual time of a statement. */
export const catalogSession: Pick<PostgresOptions, "applicationName" | "readOnly" | "statementTimeoutMs"> = {
  applicationName: "validate-schema-consistency",
  readOnly: true,
  statementTimeoutMs: 60_000,
};
