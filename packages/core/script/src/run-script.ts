import type { Options } from "@org/env";
import { exitCodes, isScriptError } from "@org/exit-codes";
import { scriptName, type Script, type ScriptDefinition } from "./define-script.ts";
import { processHost, type Host } from "./host.ts";
import { createStatusLine } from "./progress.ts";
import type { Surroundings } from "./story.ts";

/**
 * Runs a script as a command: the result on standard output, the story on standard error. Ends the process with the exit code, to which it
 * resolves where the host is another one; never rejects.
 */
export async function runScript<O extends Options, Data>(script: Script<O, Data>, argv: readonly string[], host: Host = processHost()): Promise<number> {
  const { definition } = script;
  host.setTitle(scriptName(definition));
  const status = createStatusLine(host);
  const exitCode = await runCommand(definition, argv, { host, status });
  await status.close();
  await host.end(exitCode);
  return exitCode;
}

async function runCommand<O extends Options, Data>(definition: ScriptDefinition<O, Data>, argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const { parseCommandLine } = await import("./command-line.ts");
    const commandLine = parseCommandLine(definition, argv);
    if (typeof commandLine === "string") {
      await around.host.stdout.write(commandLine);
      return exitCodes.success;
    }
    const { runCommandLine } = await import("./run-prepared.ts");
    return await runCommandLine(definition, { ...around, commandLine, argv });
  } catch (error) {
    const { earlyLogger, tellError } = await import("./story.ts");
    tellError(error, earlyLogger(definition, around));
    return isScriptError(error) ? error.exitCode : exitCodes.general;
  }
}
