import type { Options } from "@org/env";
import { exitCodes } from "@org/exit-codes";
import type { Logger } from "@org/logging";
import type { OpenSession } from "@org/postgres";
import type { ScriptDefinition } from "./define-script.ts";
import type { Prepared } from "./prepare.ts";
import type { Report } from "./report.ts";
import { writeReportFiles } from "./report-files/write-report-files.ts";

interface Recording<O extends Options> {
  readonly prepared: Prepared<O>;
  readonly logger: Logger;
  readonly session: OpenSession | undefined;
}

/**
 * Writes a finished run down: report files, metrics, journal and history. What cannot be written is
 * told as a warning and changes neither verdict nor exit code. The history is written in the session, where there is one, which the run then leaves.
 */
export async function recordRun<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  report: Report<Data>,
  { prepared, logger, session }: Recording<O>,
): Promise<void> {
  const { stateDir, reportDir, common } = prepared;
  const { metricsFile, pushgatewayUrl, databaseUrl, stateSchema: schema } = common;
  const files = { report, stateDir, logger };
  const parts = [writeReportFiles({ ...files, manifest: definition.manifest, reportDir })];
  if (metricsFile !== undefined || pushgatewayUrl !== undefined) parts.push(publishMetrics());
  const kept = common.history ? keepHistory(report, { stateDir, databaseUrl: databaseUrl?.reveal(), schema, logger, session }) : Promise.resolve();
  parts.push(kept.finally(() => session?.leave()));
  for (const outcome of await Promise.allSettled(parts)) {
    if (outcome.status === "rejected") logger.warning(`The run could not be recorded in full: ${String(outcome.reason)}`);
  }

  async function publishMetrics(): Promise<void> {
    const { pushMetrics, writeMetrics } = await import("./metrics/index.ts");
    if (metricsFile !== undefined) await writeMetrics({ ...files, metricsFile });
    if (pushgatewayUrl !== undefined) await pushMetrics({ report, url: pushgatewayUrl.reveal(), logger });
  }
}

interface HistoryTarget {
  readonly stateDir: string;
  readonly databaseUrl: string | undefined;
  readonly schema: string;
  readonly logger: Logger;
  readonly session: OpenSession | undefined;
}

/** Into the journal as well, so that a run is kept also when the database refuses it or this process dies. */
async function keepHistory(report: Report, { databaseUrl, ...target }: HistoryTarget): Promise<void> {
  const { flushJournal, journalRun } = await import("./history/index.ts");
  const text = JSON.stringify(report);
  const journaled = journalRun(target.stateDir, report, text);
  if (databaseUrl === undefined) return void (await journaled);
  await flushJournal({ ...target, databaseUrl, newest: { text, journaled }, budgetMs: wasCutShort(report) ? hurriedMs : unhurriedMs });
}

const unhurriedMs = 2_000;
/** Who presses Ctrl-C waits for the prompt, and the journal keeps the run. */
const hurriedMs = 500;

function wasCutShort({ exitCode }: Report): boolean {
  return exitCode === exitCodes.interrupted || exitCode === exitCodes.terminated || exitCode === exitCodes.timedOut;
}
