import type { ExtensionState, WantedExtension } from "@org/deploy-extensions";
import { pass, skipped, warn, type Finding } from "@org/script";

/** Every database is born with this one. */
const alwaysThere = "plpgsql";

/** Whether something is installed that the manifest does not know: a new database would lack it. */
export function unlistedFinding(manifest: readonly WantedExtension[], { extensions }: ExtensionState): Finding {
  if (manifest.length === 0) return skipped("the manifest is empty");
  const listed = new Set([alwaysThere, ...manifest.map(({ name }) => name), ...requiredBy(manifest, extensions)]);
  const unlisted = [...extensions.values()].flatMap(({ name, installed }) => (installed === null || listed.has(name) ? [] : [`${name} ${installed.version}`]));
  if (unlisted.length === 0) return pass("nothing else is installed");
  return warn(
    `installed and not in the manifest: ${unlisted.join(", ")}`,
    'Add them to "extensions" in platform.config, so that a new database gets them too; or drop what nobody needs.',
    { value: unlisted.length, unit: "count" },
  );
}

/** What listed extensions require comes with them. */
function requiredBy(manifest: readonly WantedExtension[], extensions: ExtensionState["extensions"]): ReadonlySet<string> {
  const found = new Set<string>();
  const names = manifest.map(({ name }) => name);
  for (const name of names) {
    const facts = extensions.get(name);
    const requires = facts?.versions.find(({ version }) => version === facts.installed?.version)?.requires ?? [];
    for (const required of requires.filter((candidate) => !found.has(candidate))) {
      found.add(required);
      names.push(required);
    }
  }
  return found;
}
