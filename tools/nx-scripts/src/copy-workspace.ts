import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Copies a workspace as git would commit it now (tracked and new files, nothing ignored) into an empty folder. What is
 * installed is linked, except the workspace's own packages, which resolve to the copy.
 */
export function copyWorkspace(from: string, to: string): void {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: from, encoding: "utf8" });
  for (const file of files.split("\0")) {
    if (file !== "" && existsSync(join(from, file))) cpSync(join(from, file), join(to, file), { verbatimSymlinks: true });
  }
  linkModules(join(from, "node_modules"), join(to, "node_modules"));
  // Where two versions of a package are needed, npm puts one beside the workspace that needs it.
  for (const nested of globSync(["packages/*/*/node_modules", "tools/*/node_modules"], { cwd: from })) {
    symlinkSync(join(from, nested), join(to, nested));
  }
}

function linkModules(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith("@") || name === ".bin") linkEach(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}

// The links of npm to workspaces and bins are relative: the same text leads to the copy.
function linkEach(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const isLink = lstatSync(join(from, name)).isSymbolicLink();
    symlinkSync(isLink ? readlinkSync(join(from, name)) : join(from, name), join(to, name));
  }
}
