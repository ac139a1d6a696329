import { exitCodeMeanings, exitCodes, ScriptError, type ExitCodeName } from "@org/exit-codes";
import { option, type Options } from "@org/env";
import { Command, CommanderError, Option as Flag } from "commander";
import { resolveAction } from "./actions.ts";
import { commonOptions } from "./common-options.ts";
import { scriptName, type ScriptDefinition } from "./define-script.ts";

export interface CommandLine {
  readonly action: string;
  /** What was given, by option name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly configFile: string | undefined;
  readonly envFile: string | undefined;
}

const fileOptions = {
  envFile: option.text({ flag: "--env-file <file>", description: "read variables from this file instead of .env" }),
  configFile: option.text({ flag: "--config <file>", description: "use this platform.config file" }),
};

/**
 * Reads the arguments of a command. Gives the text to print for --help and --version; throws
 * ScriptError(configuration) for everything that the command does not know, with a suggestion.
 */
export function parseCommandLine<O extends Options, Data>(definition: ScriptDefinition<O, Data>, argv: readonly string[]): CommandLine | string {
  // Own options first, as the help lists them, and over common ones of the same name.
  const options: Options = { ...definition.options, ...commonOptions(definition.manifest), ...definition.options, ...fileOptions };
  let printed = "";
  const { command, flags } = buildCommand(definition, options, (text) => (printed += text));
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return printed;
    throw usageError(definition, error);
  }
  const given = Object.fromEntries(
    [...flags].filter(([, flag]) => command.getOptionValueSource(flag) === "cli").map(([name, flag]) => [name, command.getOptionValue(flag) as unknown]),
  );
  const { configFile, envFile, ...rest } = given as Record<string, string | undefined>;
  return { action: resolveAction(definition, command.args[0]), flags: rest, configFile, envFile };
}

function buildCommand<O extends Options, Data>(
  definition: ScriptDefinition<O, Data>,
  options: Options,
  write: (text: string) => void,
): { readonly command: Command; readonly flags: ReadonlyMap<string, string> } {
  const command = new Command(scriptName(definition));
  command
    .description(`${definition.manifest.summary}.`)
    .version(definition.package.version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {}, getOutHelpWidth: () => 100, getOutHasColors: () => false })
    .allowExcessArguments(false);
  if (definition.actions !== undefined) command.argument("[action]", `${definition.actions.join(" | ")} (default: ${definition.actions[0]})`);
  const flags = new Map<string, string>();
  for (const [name, declared] of Object.entries(options)) {
    if (declared.flag === undefined) continue;
    const flag = new Flag(declared.flag, describe(declared));
    flags.set(name, flag.attributeName());
    command.addOption(flag);
  }
  command.addHelpText("after", helpFooter(definition, options));
  return { command, flags };
}

function describe({ description, choices, default: value, env }: Options[string]): string {
  const notes = [
    choices === undefined ? undefined : choices.join(" | "),
    typeof value === "string" || typeof value === "number" ? `default: ${value}` : Array.isArray(value) ? `default: ${value.join(",")}` : undefined,
    env === undefined ? undefined : `env: ${env}`,
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

function helpFooter<O extends Options, Data>({ manifest }: ScriptDefinition<O, Data>, options: Options): string {
  const variables = Object.values(options).filter((declared) => declared.env !== undefined && declared.flag === undefined);
  const codes = Object.entries(exitCodes).map(([name, code]) => `  ${String(code).padStart(3)}  ${exitCodeMeanings[name as ExitCodeName]}`);
  return [
    "",
    "Environment:",
    ...variables.map(({ env, description }) => `  ${env!.padEnd(20)}  ${description}`),
    "",
    "Exit codes:",
    ...codes,
    "",
    ...(manifest.after.length === 0 ? [] : [`Runs after: ${manifest.after.join(", ")}`]),
    `Permission: ${manifest.permission}. Expected time: ${manifest.expected}. Timeout: ${manifest.timeout}.`,
  ].join("\n");
}

/** Commander's own sentence, without its prefix and without the value that may follow an unknown flag. */
function usageError<O extends Options, Data>(definition: ScriptDefinition<O, Data>, error: CommanderError): ScriptError {
  const [first = "", ...suggestion] = error.message.replace(/^error: /u, "").split("\n");
  const message = error.code === "commander.unknownOption" ? first.replace(/=[^]*(?=')/u, "=***") : first;
  return new ScriptError("configuration", [message, ...suggestion].join(" "), { hint: `See ${scriptName(definition)} --help.` });
}
