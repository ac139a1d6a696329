import { redactDeep, type Options } from "@org/env";
import type { Logger } from "@org/logging";
import { interruption } from "./abort.ts";
import type { CommandLine } from "./command-line.ts";
import type { ScriptDefinition } from "./define-script.ts";
import { execute, type Outcome } from "./execute.ts";
import { prepare, type Prepared } from "./prepare.ts";
import type { Report } from "./report.ts";
import { makeLogger, tellError, useColor, type Surroundings } from "./story.ts";

export interface Command extends Surroundings {
  readonly commandLine: CommandLine;
  readonly argv: readonly string[];
}

/** Runs what the command line asks for: run, record, print. Resolves to the exit code; throws what is wrong with its input. */
export async function runCommandLine<O extends Options, Data>(definition: ScriptDefinition<O, Data>, command: Command): Promise<number> {
  const { env, cwd } = command.host;
  const prepared = await prepare(definition, { ...command.commandLine, env, cwd, discover: true });
  const { logLevel: level, logFormat: format } = prepared.common;
  const logger = makeLogger(definition, command, { level, format, redact: prepared.redact });
  command.host.onWarning((warning) => logger.debug(`Node warns: ${warning.message}`));
  const { report, error, session } = await executeUntilSignal(definition, prepared, { ...command, logger });
  if (error !== undefined) tellError(error, logger);
  const { recordRun } = await import("./record.ts");
  const recording = recordRun(definition, report, { prepared, logger, session });
  const rendering = renderText(definition, report, { prepared, host: command.host });
  // Neither may leave the other half done.
  await Promise.allSettled([recording, rendering]);
  await recording;
  await deliver(await rendering, { prepared, command });
  return report.exitCode;
}

async function executeUntilSignal<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  prepared: Prepared<O>,
  { host, status, logger, commandLine, argv }: Command & { readonly logger: Logger },
): Promise<Outcome<Data>> {
  const interrupted = new AbortController();
  const release = host.onSignal((signal) => interrupted.abort(interruption(signal)));
  const { actor, hostname } = host;
  try {
    return await execute(definition, prepared, {
      action: commandLine.action,
      arguments: redactDeep([...argv], prepared.redact),
      actor,
      host: hostname,
      logger,
      progress: status,
      signals: [interrupted.signal],
    });
  } finally {
    release();
  }
}

async function deliver<O extends Options>(text: string, { prepared, command: { host, status } }: { readonly prepared: Prepared<O>; readonly command: Command }): Promise<void> {
  const { output } = prepared.common;
  await status.close();
  if (output === undefined) return host.stdout.write(text);
  const { writeFileSafely } = await import("./report-files/write-file-safely.ts");
  await writeFileSafely(output, text);
}

async function renderText<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  report: Report<Data>,
  { prepared, host }: { readonly prepared: Prepared<O>; readonly host: Command["host"] },
): Promise<string> {
  const { json, format, output } = prepared.common;
  const document = json || format !== "human" ? undefined : definition.document?.(report);
  if (document !== undefined) return prepared.redact(document);
  const { renderReport } = await import("./formats/render-report.ts");
  const body = await definition.render?.(report);
  return renderReport(report, {
    format: json ? "json" : format,
    color: output === undefined && useColor(host, host.stdout),
    width: host.stdout.columns,
    ...(body === undefined ? {} : { body: prepared.redact(body) }),
    ...(definition.lineColor === undefined ? {} : { lineColor: definition.lineColor }),
  });
}
