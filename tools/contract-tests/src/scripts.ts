import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Manifest } from "@org/script";

/** One script of the workspace. */
export interface ScriptUnderTest {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** As log lines name it. */
  readonly logName: string;
}

export const root: string = join(import.meta.dirname, "../../..");

/** Every package that has a manifest: a new script is held to the contract from its first day. */
export const scripts: readonly ScriptUnderTest[] = globSync("packages/*/*/script.json", { cwd: root })
  .toSorted()
  .map((file) => {
    const folder = join(root, dirname(file));
    const name = basename(folder);
    return { name, folder, manifest: JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest, logName: name.replaceAll("-", "_") };
  });
