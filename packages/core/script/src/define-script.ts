import type { InputOf, Option, Options, SettingSource, SettingsOf } from "@org/env";
import type { Logger } from "@org/logging";
import type { OpenSession } from "@org/postgres";
import type { Check, CheckResult } from "./check.ts";
import type { PlatformConfig } from "./config.ts";
import type { Manifest } from "./manifest.ts";
import type { Progress } from "./progress.ts";
import type { Report } from "./report.ts";

/** What `run` is handed. */
export interface RunContext<Settings> {
  readonly settings: Settings;
  /** Where each setting came from. */
  readonly sources: Readonly<Record<string, SettingSource>>;
  /** The validated config; empty without a config file. */
  readonly config: PlatformConfig;
  readonly configFile: string | undefined;
  /** The folder of the config file, else the working directory. */
  readonly root: string;
  readonly stateDir: string;
  readonly reportDir: string;
  /** The path of the env file, whether it exists or not; undefined when the caller wants none. */
  readonly envFile: string | undefined;
  /** Whether the caller named it; only then may a script write it. */
  readonly envFileIsNamed: boolean;
  /** The caller's environment, for child processes; without what the env file holds. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly environment: string;
  readonly action: string;
  readonly dryRun: boolean;
  /** False when the run is to be left out of the history. */
  readonly keepsHistory: boolean;
  readonly runId: string;
  readonly actor: string;
  readonly host: string;
  readonly scriptVersion: string;
  readonly logger: Logger;
  /** Aborts on Ctrl-C, on SIGTERM and at the timeout. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** The checks of the config for this script. */
  readonly checks: readonly Check<never>[];
}

/** What `run` gives back. Every script answers at least one check: a run that checked nothing is `unknown`. */
export interface Result<Data> {
  readonly checks: readonly CheckResult[];
  readonly data: Data;
  /**
   * A session on the database of the settings that the run is recorded in, so that no other is opened for it, and that is left then. It is as it was
   * at login, may write, and was opened with the signal of the context.
   */
  readonly session?: OpenSession | undefined;
}

export type LineColor = "red" | "green" | "yellow" | "cyan" | "gray";

export interface ScriptDefinition<O extends Options, Data> {
  readonly manifest: Manifest;
  readonly package: { readonly name: string; readonly version: string };
  readonly options: O;
  /** The words that may follow the command; the first is the default. */
  readonly actions?: readonly string[];
  /** By action, the options that it needs, where not every action does; declared as not required. */
  readonly requires?: Readonly<Record<string, readonly (keyof O & string)[]>>;
  /** The actions of a writer that change nothing, so that they run in production too. */
  readonly readActions?: readonly string[];
  /** The script writes the file of --env-file, so it need not exist. */
  readonly createsEnvFile?: boolean;
  readonly run: (context: RunContext<SettingsOf<O>>) => Promise<Result<Data>>;
  /** What the human report says between its title and the checks; imported here, so that `--help` does not load it. */
  readonly render?: (report: Report<Data>) => string | Promise<string>;
  /** What stands in the place of the human report, where a setting asks for a text of its own, such as a file for another program. */
  readonly document?: (report: Report<Data>) => string | undefined;
  /** The colour of a line of it, where the terminal has colours. */
  readonly lineColor?: (line: string) => LineColor | undefined;
}

/** What an importing caller may set beside the options; nothing is read that is not named here. */
export interface CallOptions {
  readonly action?: string;
  readonly dryRun?: boolean;
  /** Milliseconds; the manifest's timeout by default. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** The path of a `platform.config.*`. */
  readonly config?: string;
  readonly envFile?: string;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  /** Whether reports, history and metrics are written, as the command does; false by default. */
  readonly record?: boolean;
  /** Lets a writer go on where ENVIRONMENT is production. */
  readonly yes?: boolean;
}

/**
 * A script: the function to import. It resolves to the report, also when the verdict is a failure, and rejects with a
 * ScriptError when the run ended early (configuration, missing prerequisite, refused connection, timeout, abort).
 */
export interface Script<O extends Options = Options, Data = unknown> {
  (input?: InputOf<O>, options?: CallOptions): Promise<Report<Data>>;
  readonly definition: ScriptDefinition<O, Data>;
}

/** Makes a function that is importable and, with `runScript`, a command that is runnable, from the same definition. */
export function defineScript<const O extends Readonly<Record<string, Option<unknown>>>, Data>(
  definition: ScriptDefinition<O, Data>,
): Script<O, Data> {
  const call = async (input: InputOf<O> = {}, options: CallOptions = {}): Promise<Report<Data>> => {
    const { callScript } = await import("./call-script.ts");
    return callScript(definition, input, options);
  };
  return Object.assign(call, { definition });
}

/** The unscoped name of a script's package. */
export function scriptName({ package: { name } }: { readonly package: { readonly name: string } }): string {
  return name.slice(name.indexOf("/") + 1);
}
