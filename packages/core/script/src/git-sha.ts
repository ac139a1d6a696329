import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * The commit that HEAD of the working tree around `folder` stands on, or null outside of one.
 * Reads the files itself (gitrepository-layout(5)), because starting git would cost more than the rest of a run.
 */
export async function readGitSha(folder: string): Promise<string | null> {
  const gitDir = await findGitDir(folder);
  if (gitDir === undefined) return null;
  const head = (await readText(join(gitDir, "HEAD")))?.trim();
  if (head === undefined || !head.startsWith("ref: ")) return head ?? null;
  const commonDir = resolve(gitDir, (await readText(join(gitDir, "commondir")))?.trim() ?? ".");
  return readRef(commonDir, head.slice("ref: ".length));
}

async function findGitDir(folder: string): Promise<string | undefined> {
  const candidate = join(folder, ".git");
  const found = await stat(candidate).catch(absent);
  if (found?.isDirectory() === true) return candidate;
  if (found?.isFile() === true) {
    const target = /^gitdir: (.*)$/mu.exec((await readText(candidate)) ?? "")?.[1];
    return target === undefined ? undefined : resolve(folder, target);
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : findGitDir(parent);
}

async function readRef(commonDir: string, ref: string): Promise<string | null> {
  const loose = (await readText(join(commonDir, ref)))?.trim();
  if (loose !== undefined) return loose;
  const packed = (await readText(join(commonDir, "packed-refs"))) ?? "";
  const line = packed.split("\n").find((candidate) => candidate.endsWith(` ${ref}`));
  return line?.split(" ")[0] ?? null;
}

function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(absent);
}

/** The commit is a courtesy of the record: where it cannot be read the record says null. */
function absent(): undefined {
  return undefined;
}
