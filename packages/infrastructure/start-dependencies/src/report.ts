import type { Report } from "@org/script";
import type { DependenciesData } from "./dependency-data.ts";

/** The URLs, with masked passwords, or the lines of the logs. */
export function renderDependencies({ data }: Report<DependenciesData>): string {
  if (data === null) return "";
  const lines = data.services.filter(({ url }) => url !== null).map(({ service, url, server, provider }) => `${service.padEnd(8)}  ${url}  ${server ?? "does not answer"} (${provider})`);
  const logs = Object.entries(data.logs ?? {}).flatMap(([service, log]) => [`== ${service}`, ...(log ?? [])]);
  return [...lines, ...logs].join("\n");
}
