import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { writePrivateFile } from "./atomic-file.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readIfThere } from "./read-if-there.ts";
import type { ServiceName, StartingProvider } from "./service.ts";

/** What was started, written down before it is started: a start that is killed half-way leaves its intent. */
export interface ServiceRecord {
  readonly provider: StartingProvider;
  readonly phase: "starting" | "running" | "stopped" | "purged";
  readonly port: number;
  /** Unset while it starts, and for containers, which the engine keeps. */
  readonly process?: ProcessIdentity;
  readonly engine?: string;
  readonly dataDir: string;
  readonly logFile: string | null;
  readonly preloadLibraries?: string;
}

export type DependenciesState = { readonly [S in ServiceName]?: ServiceRecord };

interface StateFile {
  readonly version: 1;
  readonly services: DependenciesState;
}

/** Throws ScriptError(configuration) when the file is not ours to read. */
export async function readState(stateDir: string): Promise<DependenciesState> {
  const file = stateFile(stateDir);
  const text = await readIfThere(file);
  if (text === undefined) return {};
  const parsed = parse(text) as Partial<StateFile> | undefined;
  if (parsed?.version !== 1 || typeof parsed.services !== "object") {
    throw new ScriptError("configuration", `${file} is not a state file of this version`, {
      hint: "Remove it: running servers are found again by their data.",
    });
  }
  return parsed.services;
}

/** Replaces the record of one service; undefined removes it. The caller holds the lock. */
export async function writeRecord(stateDir: string, service: ServiceName, record: ServiceRecord | undefined): Promise<void> {
  const { [service]: _, ...others } = await readState(stateDir);
  const file: StateFile = { version: 1, services: record === undefined ? others : { ...others, [service]: record } };
  await writePrivateFile(stateFile(stateDir), `${JSON.stringify(file, undefined, 2)}\n`);
}

function stateFile(stateDir: string): string {
  return join(stateDir, "dependencies.json");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller tells what is wrong with it.
    return undefined;
  }
}
