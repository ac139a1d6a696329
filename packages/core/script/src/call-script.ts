import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import type { InputOf, Options } from "@org/env";
import { silentLogger } from "@org/logging";
import { resolveAction } from "./actions.ts";
import type { CallOptions, ScriptDefinition } from "./define-script.ts";
import { execute } from "./execute.ts";
import { prepare } from "./prepare.ts";
import type { Report } from "./report.ts";

/** A run that a program started. Throws what ended it early; everything else is in the report. */
export async function callScript<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  input: InputOf<O>,
  options: CallOptions,
): Promise<Report<Data>> {
  const { env = {}, cwd = resolve(), config, envFile, logger = silentLogger, signal, record = false } = options;
  const action = resolveAction(definition, options.action);
  const prepared = await prepare(definition, {
    action,
    input: { ...input, ...callerSettings(options) },
    env,
    cwd,
    configFile: config,
    envFile,
    discover: false,
  });
  const { report, error, session } = await execute(definition, prepared, {
    action,
    arguments: [],
    actor: userInfo().username,
    host: hostname(),
    logger,
    progress: { update: () => {} },
    signals: signal === undefined ? [] : [signal],
  });
  if (record) await (await import("./record.ts")).recordRun(definition, report, { prepared, logger, session });
  else await session?.close();
  if (error !== undefined) throw error;
  return report;
}

function callerSettings({ dryRun, timeoutMs, yes }: CallOptions): Record<string, unknown> {
  return { dryRun, timeout: timeoutMs, yes };
}
