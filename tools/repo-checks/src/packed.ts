import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { closure, type Package } from "./workspace.ts";

const run = promisify(execFile);

/** Packs packages as npm would publish them; the tarballs, absolute, by package name. */
export async function packAll(root: string, packages: readonly Package[], folder: string): Promise<Map<string, string>> {
  const workspaces = packages.flatMap((pkg) => ["--workspace", pkg.json.name]);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, ...workspaces], { cwd: root, maxBuffer: 2 ** 26 });
  const packed = JSON.parse(stdout) as { name: string; filename: string }[];
  return new Map(packed.map(({ name, filename }) => [name, join(folder, filename.replace("@", "").replace("/", "-"))]));
}

/** The tarballs that an installation of this package needs from this workspace: its own and its dependencies'. */
export function tarballsOf(pkg: Package, packages: readonly Package[], tarballs: ReadonlyMap<string, string>): string[] {
  return closure(pkg, packages).map(({ json }) => {
    const tarball = tarballs.get(json.name);
    if (tarball === undefined) throw new Error(`${json.name} was not packed.`);
    return tarball;
  });
}
