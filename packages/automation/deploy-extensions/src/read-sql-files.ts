import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { isScriptError, ScriptError } from "@org/exit-codes";
import { locate, planExecution, type ExecutionPlan } from "@org/postgres";

export interface SqlFile {
  /** Relative to the folder of the config where it lies inside of it. */
  readonly file: string;
  /** Without a byte order mark. */
  readonly sql: string;
  readonly execution: ExecutionPlan;
}

/**
 * Reads SQL files and the SQL files of folders, in the order of the paths; those of a folder by name, numbers as numbers.
 * Throws a ScriptError (configuration) with all problems together.
 */
export async function readSqlFiles(paths: readonly string[], root: string): Promise<readonly SqlFile[]> {
  const problems: string[] = [];
  const files: SqlFile[] = [];
  for (const path of paths) {
    for (const found of await listFiles(resolve(root, path), problems)) {
      const file = await readSqlFile(found, root).catch((error: unknown) => void problems.push(reasonOf(error, found)));
      if (file !== undefined) files.push(file);
    }
  }
  if (problems.length > 0) throw unusable(problems);
  return files;
}

async function listFiles(path: string, problems: string[]): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.sql$/iu.test(name) && !name.startsWith("."));
    if (names.length === 0) problems.push(`${path} holds no SQL file`);
    const byName = new Intl.Collator("en", { numeric: true });
    return names.toSorted((a, b) => byName.compare(a, b) || (a < b ? -1 : 1)).map((name) => join(path, name));
  } catch (error) {
    problems.push(reasonOf(error, path));
    return [];
  }
}

async function readSqlFile(path: string, root: string): Promise<SqlFile> {
  const inside = relative(root, path);
  const file = inside.startsWith("..") ? path : inside;
  const sql = decode(await readFile(path), file);
  const execution = planExecution(sql);
  if (execution.leftOpen !== undefined) {
    const { line, column, excerpt } = locate(sql, execution.leftOpen.start);
    throw problem(`${file}:${line}:${column}: this transaction is not ended in the file\n${excerpt}`);
  }
  return { file, sql, execution };
}

function decode(bytes: Uint8Array, file: string): string {
  let sql: string;
  try {
    sql = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw problem(`${file} is not UTF-8`);
  }
  if (sql.includes("\0")) throw problem(`${file} contains a NUL character`);
  return sql;
}

function problem(message: string): ScriptError {
  return new ScriptError("configuration", message);
}

function reasonOf(error: unknown, path: string): string {
  if (isScriptError(error)) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "EACCES") return `${path} may not be read by this user`;
  if (code === undefined) throw error;
  return `${path} cannot be read: ${message}`;
}

function unusable(problems: readonly string[]): ScriptError {
  const listed = problems.length === 1 ? problems[0]! : `${problems.length} problems:\n  - ${problems.join("\n  - ")}`;
  return new ScriptError("configuration", `the extension files cannot be used: ${listed}`, {
    hint: 'Correct the files, or "extensionFiles" in platform.config.',
  });
}
