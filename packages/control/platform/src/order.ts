import { ScriptError } from "@org/exit-codes";
import type { Manifest } from "@org/script";

/** A script as `platform` knows it: its unscoped name, its manifest and the file that runs it. */
export interface PlatformScript {
  readonly name: string;
  readonly manifest: Manifest;
  /** The path of the script's bin. */
  readonly bin: string;
}

/** The scripts of one target, each after those that its manifest names. Throws ScriptError(configuration) on a cycle. */
export function inOrder(scripts: readonly PlatformScript[], target: string): PlatformScript[] {
  const members = scripts.filter(({ manifest }) => manifest.target === target);
  const ordered: PlatformScript[] = [];
  while (ordered.length < members.length) {
    const ready = members.filter((script) => !ordered.includes(script) && prerequisites(script, members).every((name) => ordered.some((done) => done.name === name)));
    if (ready.length === 0) throw cycleError(members.filter((script) => !ordered.includes(script)));
    ordered.push(...ready);
  }
  return ordered;
}

/** The scripts among `members` that must have ended before `script` starts. */
export function prerequisites({ manifest }: PlatformScript, members: readonly PlatformScript[]): string[] {
  const names = [...manifest.after, ...(manifest.waitsFor ?? [])];
  return names.filter((name) => members.some((member) => member.name === name));
}

function cycleError(members: readonly PlatformScript[]): ScriptError {
  const names = members.map(({ name }) => name).join(", ");
  return new ScriptError("configuration", `the manifests of ${names} wait for each other`, {
    hint: "Remove one of their after or waitsFor entries in script.json.",
  });
}
