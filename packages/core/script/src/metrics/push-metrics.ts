import type { Logger } from "@org/logging";
import type { Report } from "../report.ts";
import { renderMetrics } from "./metrics.ts";
import { metricsOf, scriptMetrics } from "./metrics-of-report.ts";

export interface MetricsPush {
  /** The address of the Pushgateway; a user and password in it are sent as basic authentication. */
  readonly url: string;
  readonly report: Report;
  readonly logger: Logger;
}

const timeoutMs = 3_000;

/** Replaces the gauges of this script on a Pushgateway. A dry run leaves them alone. What cannot be sent is a warning. */
export async function pushMetrics({ url, report, logger }: MetricsPush): Promise<void> {
  if (report.run.dryRun) return;
  try {
    const metrics = scriptMetrics(report);
    const { address, authorization } = destination(url, metrics.script);
    const response = await fetch(address, {
      method: "PUT",
      headers: { "content-type": "text/plain; version=0.0.4", ...(authorization === undefined ? {} : { authorization }) },
      body: renderMetrics(metricsOf([metrics])),
      signal: AbortSignal.timeout(timeoutMs),
    });
    // An answer that is not read to its end keeps its connection, and with it the process, alive.
    const answer = await response.text();
    if (!response.ok) throw new Error(`it answered ${response.status}: ${answer.trim().slice(0, 200)}`);
  } catch (error) {
    logger.warning(`The metrics are not pushed to the Pushgateway: ${reasonOf(error)}.`);
  }
}

/** `fetch` refuses a URL with credentials in it. */
function destination(url: string, script: string): { readonly address: URL; readonly authorization: string | undefined } {
  const address = new URL(url);
  const { username, password } = address;
  address.username = "";
  address.password = "";
  address.pathname = `${address.pathname.replace(/\/+$/u, "")}/metrics/job/platform_scripts/script/${encodeURIComponent(script)}`;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = username === "" ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  return { address, authorization };
}

/** `fetch` says "fetch failed" and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, name, cause } = error as Error;
  if (name === "TimeoutError") return `it did not answer within ${timeoutMs / 1_000} s`;
  return cause instanceof Error ? (cause.message === "" ? String((cause as NodeJS.ErrnoException).code) : cause.message) : message;
}
