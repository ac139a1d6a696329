import type { Logger } from "@org/logging";
import { planExecution, readRefusal, toOffset, withTransaction, type PostgresClient, type SqlStatement } from "@org/postgres";
import type { FileToRun } from "../file-to-run.ts";
import { printable } from "../printable.ts";
import { HookError, type CommandHook, type HookMoment, type HookRun, type MigrationHook, type SqlHook } from "./hook.ts";

/** What hooks run with. */
export interface HookTarget {
  readonly hooks: readonly MigrationHook[];
  /** Where commands run. */
  readonly cwd: string;
  /** What commands find in their environment, beside the variables that name the hook and its file. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Grows with each command: an abort ends the session at once, and a command when it has been stopped. */
  readonly commands: Promise<unknown>[];
  /** Told of each hook that ran, also of one that failed. */
  readonly onRun: (run: HookRun) => void;
}

export interface HookCircumstances {
  readonly client: PostgresClient;
  readonly target: HookTarget;
  /** The file that it runs after. */
  readonly file?: FileToRun | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** Runs the hooks of a moment in their order, SQL outside of every other transaction. Throws a HookError at the first that does not end well. */
export async function runHooks(moment: "before-all" | "after-all", circumstances: HookCircumstances): Promise<void> {
  for (const hook of hooksOf(circumstances.target, moment)) {
    await timed(hook, circumstances, () => ("sql" in hook ? runAlone(hook, circumstances) : runProgram(hook, circumstances)));
  }
}

/** Runs the SQL of the hooks after a file, in the transaction that is open. Throws a HookError. */
export async function runSqlAfterFile(circumstances: HookCircumstances): Promise<void> {
  for (const hook of hooksOf(circumstances.target, "after-each")) {
    if ("sql" in hook) await timed(hook, circumstances, () => runStatements(hook, circumstances));
  }
}

/** Runs the commands of the hooks after a file, which is applied for good then. Throws a HookError. */
export async function runCommandsAfterFile(circumstances: HookCircumstances): Promise<void> {
  for (const hook of hooksOf(circumstances.target, "after-each")) {
    if ("command" in hook) await timed(hook, circumstances, () => runProgram(hook, circumstances));
  }
}

/** Whether a file needs a transaction for the SQL of hooks. */
export function hasSqlAfterFile(target: HookTarget | undefined): boolean {
  return target !== undefined && hooksOf(target, "after-each").some((hook) => "sql" in hook);
}

function hooksOf({ hooks }: HookTarget, moment: HookMoment): readonly MigrationHook[] {
  return hooks.filter((hook) => hook.moment === moment);
}

async function timed(hook: MigrationHook, { target, file, logger, signal }: HookCircumstances, work: () => Promise<void>): Promise<void> {
  signal?.throwIfAborted();
  const started = Date.now();
  const tell = (state: HookRun["state"]): number => {
    const durationMs = Date.now() - started;
    target.onRun({ moment: hook.moment, hook: hook.title, version: file?.migration.version ?? null, state, durationMs });
    return durationMs;
  };
  try {
    await work();
  } catch (error) {
    tell("failed");
    throw error;
  }
  const durationMs = tell("ran");
  logger.info(`Ran the ${hook.moment} hook ${printable(hook.title)}${file === undefined ? "" : ` for ${printable(file.file)}`} in ${durationMs} ms.`);
}

async function runAlone(hook: SqlHook, circumstances: HookCircumstances): Promise<void> {
  const work = (): Promise<void> => runStatements(hook, circumstances);
  await (planExecution(hook.sql).inTransaction ? withTransaction(circumstances.client, work) : work());
}

async function runStatements(hook: SqlHook, circumstances: HookCircumstances): Promise<void> {
  for (const statement of planExecution(hook.sql).statements) {
    circumstances.signal?.throwIfAborted();
    await circumstances.client.query(statement.text).catch((error: unknown) => {
      throw toHookError(error, { hook, statement, circumstances });
    });
  }
}

interface FailedStatement {
  readonly hook: SqlHook;
  readonly statement: SqlStatement;
  readonly circumstances: HookCircumstances;
}

function toHookError(error: unknown, { hook, statement, circumstances: { file } }: FailedStatement): unknown {
  const { position } = error as { readonly position?: string };
  const offset = statement.start + (position === undefined ? 0 : toOffset(statement.text, Number(position)));
  const refusal = readRefusal(error, { sql: hook.sql, offset });
  if (refusal === undefined) return error;
  const { code, sqlState, message, line, column, excerpt, hint } = refusal;
  return new HookError(file?.migration.version ?? null, {
    code,
    message: `${printable(file?.file ?? "")}${file === undefined ? "" : ": "}the ${hook.moment} hook ${printable(hook.title)}:${line}:${column}: ${printable(message)} (SQLSTATE ${sqlState})\n${excerpt}`,
    hint: hint ?? "Correct the hook, then run it again.",
    cause: error,
  });
}

async function runProgram(hook: CommandHook, { target, file, logger, signal }: HookCircumstances): Promise<void> {
  const named = { MIGRATION_HOOK: hook.moment, ...(file && { MIGRATION_VERSION: file.migration.version, MIGRATION_FILE: file.file }) };
  const onLine = (line: string): void => logger.info(`${hook.moment} hook: ${printable(line)}`);
  const around = { cwd: target.cwd, env: { ...target.env, ...named }, signal, onLine };
  const ended = import("./run-command.ts").then(({ runCommand }) => runCommand(hook.command, around));
  target.commands.push(ended);
  const failure = await ended;
  if (failure === undefined) return;
  throw new HookError(file?.migration.version ?? null, {
    code: failure.code,
    message: `the ${hook.moment} hook ${printable(hook.title)} ${failure.reason}${file === undefined ? "" : `, after ${printable(file.file)} was applied`}`,
    hint: failure.hint,
    cause: failure.cause,
  });
}
