import type { ExtensionState, WantedExtension } from "@org/deploy-extensions";
import { quoteIdentifier } from "@org/postgres";
import { pass, skipped, warn, type Finding } from "@org/script";

/** Whether the role may look up names in the schemas of the manifest's extensions. */
export function usableFinding(manifest: readonly WantedExtension[], { extensions, role }: ExtensionState): Finding {
  const installed = manifest.flatMap(({ name }) => {
    const found = extensions.get(name)?.installed;
    return found === null || found === undefined ? [] : [{ name, ...found }];
  });
  if (installed.length === 0) return skipped("no extension of the manifest is installed");
  const closed = installed.filter(({ usable }) => !usable);
  if (closed.length === 0) return pass(`${role} has USAGE on the schemas of all ${installed.length}`);
  const evidence = `${role} has no USAGE on the schema of ${closed.map(({ name, schema }) => `${name} (${schema})`).join(", ")}`;
  const grants = [...new Set(closed.map(({ schema }) => `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)};`))];
  return warn(evidence, `Let an administrator run: ${grants.join(" ")}`, { value: closed.length, unit: "count" });
}
