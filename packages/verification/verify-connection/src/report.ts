import type { Report } from "@org/script";
import type { ConnectionData } from "./connection-data.ts";

/** The way down in one line, and the server in another. */
export function renderConnection({ data }: Report<ConnectionData>): string {
  if (data === null) return "";
  const { target, layers, server, failedLayer } = data;
  const way = layers.map(({ name, verdict, ms }) => `${name} ${verdict === "fail" ? "FAILED" : ms === null ? "-" : `${ms} ms`}`).join(" > ");
  const facts = [
    server.version === null ? undefined : `PostgreSQL ${server.version}`,
    server.replica === null ? undefined : server.replica ? "replica" : "primary",
    server.role === null ? undefined : `role ${server.role}`,
    failedLayer === null ? undefined : `failed at layer ${failedLayer}`,
  ].filter((fact) => fact !== undefined);
  return [[target ?? "DATABASE_URL cannot be read", ...facts].join(", "), way].join("\n");
}
