import { join } from "node:path";
import { containerLog } from "./providers/container.ts";
import { lastLines } from "./server-process.ts";
import type { DependenciesRequest, ServiceName } from "./service.ts";
import { readState } from "./state-file.ts";

export interface ServiceLog {
  readonly lines: readonly string[];
  /** The file or the container; unset when there is no log. */
  readonly source: string | undefined;
  readonly reason: string;
}

/** The last lines that a service of ours wrote. */
export async function readServiceLog(service: ServiceName, request: DependenciesRequest, count: number): Promise<ServiceLog> {
  const record = (await readState(request.stateDir))[service];
  if (record?.engine !== undefined) return { lines: await containerLog(record.engine, service, { request, lines: count }), source: `the ${record.engine} container`, reason: "" };
  const file = record?.logFile ?? join(request.stateDir, "dependencies", `${service}.log`);
  const lines = await lastLines(file, count);
  return lines.length === 0 ? { lines, source: undefined, reason: "this project has not started it yet" } : { lines, source: file, reason: "" };
}
