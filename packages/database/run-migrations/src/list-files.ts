import { readdirSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { ScriptError, type ExitCodeName } from "@org/exit-codes";
import { printable } from "./printable.ts";

export interface Listing {
  /** The SQL files, also those one folder down, relative and with `/`. */
  readonly files: readonly string[];
  /** Everything else, such as a lock file or a README. */
  readonly ignored: readonly string[];
}

/** Lists a directory and its folders, two levels deep. Throws a ScriptError when one cannot be read. */
export function listFiles(directory: string, depth = 2): Listing {
  const entries = entriesOf(directory)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => expand(directory, entry, depth));
  return { files: entries.filter(isSql), ignored: entries.filter((entry) => !isSql(entry)) };
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw unreadable(directory, error as NodeJS.ErrnoException);
  }
}

function expand(directory: string, entry: Dirent, depth: number): string[] {
  const { name } = entry;
  if (name.startsWith(".") || depth === 0 || !isFolder(directory, entry)) return [name];
  const { files, ignored } = listFiles(join(directory, name), depth - 1);
  return [...files, ...ignored].map((file) => `${name}/${file}`);
}

// A broken link is listed: reading it names the reason.
function isFolder(directory: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(join(directory, entry.name)).isDirectory();
  } catch (error) {
    return ifBrokenLink(error as NodeJS.ErrnoException);
  }
}

/** What cannot be looked at for another reason may hold migrations, so it is never left out. */
function ifBrokenLink(error: NodeJS.ErrnoException): false {
  if (error.code === "ENOENT" || error.code === "ELOOP") return false;
  throw new ScriptError("configuration", `${error.path} cannot be read: ${error.message}`, { hint: "Make the folder readable for this user.", cause: error });
}

/** Hidden files are those of editors and file managers. */
function isSql(file: string): boolean {
  return /\.sql$/iu.test(file) && !file.startsWith(".") && !file.includes("/.");
}

function unreadable(directory: string, error: NodeJS.ErrnoException): ScriptError {
  const reasons: Record<string, [ExitCodeName, string]> = {
    ENOENT: ["configuration", "it does not exist"],
    ENOTDIR: ["configuration", "it is not a directory"],
    EACCES: ["permission", "this user may not read it"],
  };
  const [code, reason] = reasons[error.code ?? ""] ?? ["general", printable(error.message)];
  return new ScriptError(code, `the migrations directory ${printable(directory)} cannot be read: ${reason}`, {
    hint: "Pass --directory or set migrations.directory in platform.config.",
    cause: error,
  });
}
