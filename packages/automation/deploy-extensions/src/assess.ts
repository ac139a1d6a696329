import type { ExitCodeName } from "@org/exit-codes";
import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import { fail, pass, unknown, warn, type Finding } from "@org/script";
import { isPreloaded, type ExtensionFacts, type ExtensionState, type InstalledExtension } from "./extension-state.ts";
import { isKnownToNeedPreload, packageOf } from "./known-extensions.ts";
import type { WantedExtension } from "./manifest.ts";
import { compareVersions, satisfies, sortVersions } from "./version-range.ts";

/** What is wrong with one extension, and what puts it right. */
export interface Shortcoming {
  readonly kind: "unavailable" | "missing" | "outdated" | "newer-available" | "wrong-schema" | "not-preloaded" | "preload-unknown";
  readonly evidence: string;
  readonly remedy: string;
  /** Whether deploy-extensions can put it right. */
  readonly deployable: boolean;
  readonly code?: ExitCodeName;
}

const deploy = "Run npx @org/deploy-extensions.";

/** Holds one extension of the manifest against the server. */
export function assessExtension(wanted: WantedExtension, state: ExtensionState): readonly Shortcoming[] {
  const facts = state.extensions.get(wanted.name);
  const installed = facts?.installed ?? null;
  const found = installed === null ? assessAvailable(wanted, facts, state) : assessInstalled(wanted, facts!, state);
  return [...found, ...assessPreload(wanted, state)];
}

/** The version to install or to update to: the default where it will do, else the newest that does; undefined when there is none. */
export function targetVersion({ range }: WantedExtension, { defaultVersion, versions, installed }: ExtensionFacts): string | undefined {
  const reachable = installed === null ? versions.map(({ version }) => version) : [installed.version, ...installed.updates];
  if (defaultVersion !== null && reachable.includes(defaultVersion) && satisfies(defaultVersion, range)) return defaultVersion;
  return sortVersions(reachable.filter((version) => satisfies(version, range))).at(-1);
}

function assessAvailable(wanted: WantedExtension, facts: ExtensionFacts | undefined, state: ExtensionState): Shortcoming[] {
  const { name, range, schema } = wanted;
  if (facts === undefined) return [unavailable(`is not available on this server (Postgres ${state.serverMajor})`, name, state)];
  const target = targetVersion(wanted, facts);
  const offered = listVersions(facts);
  if (target === undefined) return [unavailable(`is not available in version ${range?.text}; the server has ${offered}`, name, state)];
  const fixed = fixedSchema(facts, target);
  if (schema !== undefined && fixed !== null && fixed !== schema) return [fixedElsewhere(fixed, schema)];
  return [{ kind: "missing", evidence: `is not installed; the server has ${offered}`, remedy: deploy, deployable: true }];
}

function unavailable(evidence: string, name: string, { serverMajor }: ExtensionState): Shortcoming {
  const found = packageOf(name, serverMajor);
  const remedy = found === undefined ? "Install the package that holds it on the server's machine" : `Install it on the server's machine (Debian: apt-get install ${found})`;
  return { kind: "unavailable", evidence, remedy: `${remedy}, or correct the manifest.`, deployable: false, code: "dependency" };
}

function listVersions({ versions }: ExtensionFacts): string {
  const sorted = sortVersions(versions.map(({ version }) => version)).toReversed();
  return sorted.length === 0 ? versions.map(({ version }) => version).join(", ") : sorted.slice(0, 5).join(", ");
}

function fixedSchema({ versions }: ExtensionFacts, version: string): string | null {
  return versions.find((candidate) => candidate.version === version)?.schema ?? null;
}

function fixedElsewhere(fixed: string, wanted: string): Shortcoming {
  const evidence = `can only be in schema ${fixed}; the manifest wants ${wanted}`;
  return { kind: "wrong-schema", evidence, remedy: `Set its schema to ${JSON.stringify(fixed)} in the manifest.`, deployable: false, code: "configuration" };
}

function assessInstalled(wanted: WantedExtension, facts: ExtensionFacts, state: ExtensionState): Shortcoming[] {
  const installed = facts.installed!;
  return [...assessVersion(wanted, facts, state), ...(wanted.schema === undefined ? [] : assessSchema(wanted.schema, installed, facts))];
}

function assessVersion(wanted: WantedExtension, facts: ExtensionFacts, state: ExtensionState): Shortcoming[] {
  const { version } = facts.installed!;
  const target = targetVersion(wanted, facts);
  if (satisfies(version, wanted.range)) return target === undefined || !isNewer(target, version) ? [] : [newerAvailable(version, target)];
  const evidence = `is version ${version}; the manifest wants ${wanted.range?.text}`;
  if (target !== undefined) return [{ kind: "outdated", evidence: `${evidence}, and ${target} is available`, remedy: deploy, deployable: true }];
  const none = unavailable(`${evidence}; the server has ${listVersions(facts) || "no other"}`, wanted.name, state);
  return [{ ...none, kind: "outdated" }];
}

function isNewer(a: string, b: string): boolean {
  return (compareVersions(a, b) ?? 0) > 0;
}

function newerAvailable(version: string, target: string): Shortcoming {
  return { kind: "newer-available", evidence: `is version ${version}; the server has ${target}`, remedy: deploy, deployable: true };
}

function assessSchema(schema: string, installed: InstalledExtension, facts: ExtensionFacts): Shortcoming[] {
  if (installed.schema === schema) return [];
  if (installed.relocatable) {
    return [{ kind: "wrong-schema", evidence: `is in schema ${installed.schema}; the manifest wants ${schema}`, remedy: deploy, deployable: true }];
  }
  if (fixedSchema(facts, installed.version) === installed.schema) return [fixedElsewhere(installed.schema, schema)];
  const remedy = `Set its schema to ${JSON.stringify(installed.schema)} in the manifest; or drop it with everything that uses it (DROP EXTENSION ${quoteIdentifier(facts.name)}) and deploy it again.`;
  return [{ kind: "wrong-schema", evidence: `is in schema ${installed.schema}, which it cannot leave; the manifest wants ${schema}`, remedy, deployable: false }];
}

function assessPreload({ name, preload }: WantedExtension, state: ExtensionState): Shortcoming[] {
  if (!(preload ?? isKnownToNeedPreload(name))) return [];
  const loaded = isPreloaded(name, state);
  if (loaded === true) return [];
  if (loaded === undefined) {
    const remedy = `Let an administrator run: GRANT pg_read_all_settings TO ${quoteIdentifier(state.role)};`;
    return [{ kind: "preload-unknown", evidence: "needs shared_preload_libraries, which this role may not read", remedy, deployable: false, code: "permission" }];
  }
  const present = state.preloadLibraries!;
  const evidence = `is not among the shared_preload_libraries of the server (${present.length === 0 ? "empty" : present.join(", ")})`;
  return [{ kind: "not-preloaded", evidence, remedy: preloadRemedy([...present, name]), deployable: false, code: "dependency" }];
}

function preloadRemedy(libraries: readonly string[]): string {
  const list = libraries.join(",");
  const statement = `ALTER SYSTEM SET shared_preload_libraries = ${libraries.map((library) => quoteLiteral(library)).join(", ")};`;
  return `Set shared_preload_libraries = '${list}' in postgresql.conf (or let an administrator run: ${statement}), then restart the server.`;
}

/** What the shortcomings of one extension come to; an optional one is never worse than a warning. */
export function extensionFinding(wanted: WantedExtension, state: ExtensionState): Finding {
  const found = assessExtension(wanted, state);
  const installed = state.extensions.get(wanted.name)?.installed;
  const version = installed === null || installed === undefined ? {} : { value: installed.version };
  const figures = { ...version, ...(wanted.range && { threshold: { value: wanted.range.text, source: "config" } }) };
  if (found.length === 0) return pass(`version ${installed?.version} in schema ${installed?.schema}`, figures);
  const evidence = found.map(({ evidence: text }) => text).join("; ") + (wanted.required ? "" : "; it is optional");
  const remedy = [...new Set(found.map(({ remedy: text }) => text))].join(" ");
  const worst = found.find(({ kind }) => kind !== "newer-available" && kind !== "preload-unknown") ?? found.find(({ kind }) => kind === "preload-unknown");
  if (worst === undefined || !wanted.required) return warn(evidence, remedy, figures);
  const code = worst.code === undefined ? {} : { code: worst.code };
  return (worst.kind === "preload-unknown" ? unknown : fail)(evidence, remedy, { ...figures, ...code });
}
