import { readFileSync } from "node:fs";
import { ScriptError } from "@org/exit-codes";

/**
 * Reads a `.env` file (the syntax of Node's own `--env-file`; a byte order mark and CRLF are fine).
 * Gives undefined when it does not exist; throws ScriptError(configuration) when it cannot be read.
 */
export async function readEnvFile(file: string): Promise<Record<string, string | undefined> | undefined> {
  try {
    // Synchronous, as its neighbours that run before anything else: one small file is not worth the start of the thread pool.
    const text = readFileSync(file, "utf8");
    const { parseEnv } = await import("node:util");
    return parseEnv(text.replace(/^\uFEFF/u, "").replaceAll("\r\n", "\n"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ScriptError("configuration", `the env file ${file} cannot be read: ${(error as Error).message}`, {
      hint: "Make the file readable for this user, or pass another one with --env-file.",
      cause: error,
    });
  }
}
