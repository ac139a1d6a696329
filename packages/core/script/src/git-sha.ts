import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The commit that HEAD of the working tree around `folder` stands on, or null outside of one.
 * Reads the files itself (gitrepository-layout(5)), because starting git would cost more than the rest of a run.
 */
export function readGitSha(folder: string): string | null {
  const gitDir = findGitDir(folder);
  if (gitDir === undefined) return null;
  const head = readText(join(gitDir, "HEAD"))?.trim();
  if (head === undefined || !head.startsWith("ref: ")) return head ?? null;
  const commonDir = resolve(gitDir, readText(join(gitDir, "commondir"))?.trim() ?? ".");
  return readRef(commonDir, head.slice("ref: ".length));
}

function findGitDir(folder: string): string | undefined {
  const candidate = join(folder, ".git");
  const found = orAbsent(() => statSync(candidate, { throwIfNoEntry: false }));
  if (found?.isDirectory() === true) return candidate;
  if (found?.isFile() === true) {
    const target = /^gitdir: (.*)$/mu.exec(readText(candidate) ?? "")?.[1];
    return target === undefined ? undefined : resolve(folder, target);
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : findGitDir(parent);
}

function readRef(commonDir: string, ref: string): string | null {
  const loose = readText(join(commonDir, ref))?.trim();
  if (loose !== undefined) return loose;
  const packed = readText(join(commonDir, "packed-refs")) ?? "";
  const line = packed.split("\n").find((candidate) => candidate.endsWith(` ${ref}`));
  return line?.split(" ")[0] ?? null;
}

function readText(file: string): string | undefined {
  return orAbsent(() => readFileSync(file, "utf8"));
}

/** The commit is a courtesy of the record: where it cannot be read the record says null. */
function orAbsent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
