import { isScriptError, ScriptError } from "@org/exit-codes";
import type { ExtensionRequirement } from "@org/script";
import { parseVersionRange, type VersionRange } from "./version-range.ts";

/** One extension of the manifest, read. */
export interface WantedExtension {
  readonly name: string;
  readonly range: VersionRange | undefined;
  readonly schema: string | undefined;
  readonly required: boolean;
  /** Undefined when the manifest leaves it to what is known of the extension. */
  readonly preload: boolean | undefined;
}

/** Reads `extensions` of the config. Throws a ScriptError (configuration) with all problems together. */
export function readManifest(requirements: readonly ExtensionRequirement[] = []): readonly WantedExtension[] {
  const problems: string[] = [];
  const wanted = requirements.map(({ name, version, schema, required = true, preload }, index) => {
    const place = `extensions[${index}]`;
    for (const [key, text] of [["name", name], ["schema", schema]] as const) {
      if (text?.includes("\0")) problems.push(`${place}.${key} contains a NUL character, which no name can hold`);
    }
    if (requirements.findIndex((other) => other.name === name) < index) problems.push(`${place} names ${JSON.stringify(name)} a second time`);
    return { name, schema, required, preload, range: readRange(version, place, problems) };
  });
  if (problems.length > 0) throw unusable(problems);
  return wanted;
}

function readRange(version: string | undefined, place: string, problems: string[]): VersionRange | undefined {
  if (version === undefined) return undefined;
  try {
    return parseVersionRange(version);
  } catch (error) {
    if (!isScriptError(error)) throw error;
    problems.push(`${place}.version: ${error.message}`);
    return undefined;
  }
}

function unusable(problems: readonly string[]): ScriptError {
  const listed = problems.length === 1 ? problems[0]! : `${problems.length} problems:\n  - ${problems.join("\n  - ")}`;
  return new ScriptError("configuration", `the manifest of extensions cannot be used: ${listed}`, {
    hint: 'Correct "extensions" in platform.config; a range is written like ">=1.3" or ">=0.5 <0.8".',
  });
}
