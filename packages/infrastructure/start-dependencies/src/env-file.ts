import { chown, lstat, realpath } from "node:fs/promises";
import { userInfo } from "node:os";
import { parseEnv } from "node:util";
import { ScriptError } from "@org/exit-codes";
import { writePrivateFile } from "./atomic-file.ts";
import { readIfThere } from "./read-if-there.ts";

export interface EnvFileResult {
  /** The variables that were written. */
  readonly written: readonly string[];
  /** The variables that have the right value already. */
  readonly unchanged: readonly string[];
  /** The variables that somebody set to another value, which stays. */
  readonly kept: readonly string[];
}

/** Adds variables to an env file. Comments and other lines stay, a value that is set is never overwritten, and the file becomes private. */
export async function addToEnvFile(file: string, variables: Readonly<Record<string, string>>): Promise<EnvFileResult> {
  const target = await followLink(file);
  const text = (await readIfThere(target)) ?? "";
  const present = parseEnv(text.replace(/^\uFEFF/u, "").replaceAll("\r\n", "\n"));
  const names = Object.keys(variables);
  const written = names.filter((name) => (present[name] ?? "") === "");
  if (written.length > 0) await replace(target, written.reduce((lines, name) => setLine(lines, name, quote(name, variables[name] as string)), text));
  return {
    written,
    unchanged: names.filter((name) => !written.includes(name) && present[name] === variables[name]),
    kept: names.filter((name) => !written.includes(name) && present[name] !== variables[name]),
  };
}

/** An env file may be a link to a shared one; replacing the link would part them. */
async function followLink(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return file;
    throw error;
  }
}

function setLine(text: string, name: string, value: string): string {
  const line = `${name}=${value}`;
  const empty = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(?:""|'')?[ \\t]*$`, "mu");
  if (empty.test(text)) return text.replace(empty, () => line);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  return `${text}${text === "" || text.endsWith("\n") ? "" : newline}${line}${newline}`;
}

function quote(name: string, value: string): string {
  if (/^[\w:/@.%?&=+~,;-]*$/u.test(value)) return value;
  const mark = ["'", '"', "`"].find((candidate) => !value.includes(candidate));
  if (mark === undefined || /[\r\n]/u.test(value)) throw new ScriptError("configuration", `the value of ${name} cannot be written into an env file`, { hint: "Percent-encode quotes in the URL." });
  return `${mark}${value}${mark}`;
}

async function replace(file: string, text: string): Promise<void> {
  const owner = await lstat(file).catch(ifAbsent);
  try {
    await writePrivateFile(file, text);
  } catch (error) {
    throw new ScriptError("permission", `the env file ${file} cannot be written: ${(error as Error).message}`, { hint: "Name another file with --env-file.", cause: error });
  }
  // Root works on the files of a project's owner, who must go on reading them.
  if (owner !== undefined && userInfo().uid === 0 && owner.uid !== 0) await chown(file, owner.uid, owner.gid);
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
