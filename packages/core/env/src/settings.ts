import { ScriptError } from "@org/exit-codes";
import type { Option, Options, SettingsOf } from "./option.ts";
import { Secret } from "./secret.ts";

export type SettingSourceKind = "input" | "flag" | "env" | "env-file" | "config" | "default" | "unset";

/** Where a value came from, such as `{ kind: "env-file", name: "DATABASE_URL", file: "/app/.env" }`. */
export interface SettingSource {
  readonly kind: SettingSourceKind;
  /** The flag, variable or config key; empty for defaults. */
  readonly name: string;
  readonly file?: string;
}

/** Everything that values may come from, strongest first: input and flags, env, env file, config. */
export interface Sources {
  /** Values by option name: what an importing caller passed. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** Values by option name: what the command line gave. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly envFile?: { readonly file: string; readonly values: Readonly<Record<string, string | undefined>> };
  readonly config?: { readonly file: string; readonly values: unknown };
  /** The folder of relative paths that the config, the env file or a default holds. */
  readonly root: string;
  /** The folder of relative paths in flags, the environment and input; `root` when absent. */
  readonly cwd?: string;
}

export interface Resolved<O extends Options> {
  readonly settings: SettingsOf<O>;
  readonly sources: Readonly<Record<keyof O & string, SettingSource>>;
  /** The clear texts to redact. */
  readonly secrets: readonly string[];
}

interface Written {
  readonly value: unknown;
  readonly source: SettingSource;
}

/**
 * Turns what was written into typed, frozen settings. Throws one ScriptError(configuration) that lists every problem;
 * values of secrets are never part of it.
 */
export function resolveSettings<const O extends Options>(options: O, sources: Sources): Resolved<O> {
  const settings: Record<string, unknown> = {};
  const origins: Record<string, SettingSource> = {};
  const problems: string[] = [];
  for (const [name, declared] of Object.entries(options)) {
    const written = find(name, declared, sources);
    origins[name] = written.source;
    try {
      settings[name] = value(declared, written, folderOf(written.source, sources));
    } catch (error) {
      problems.push(describeProblem(declared, written, error as Error));
    }
  }
  if (problems.length > 0) throw configurationError(problems);
  const secrets = Object.values(settings).flatMap((item) => (item instanceof Secret ? [item.reveal()] : []));
  return { settings: Object.freeze(settings) as SettingsOf<O>, sources: origins as Resolved<O>["sources"], secrets };
}

/** One error for all problems of one source of configuration. */
export function configurationError(problems: readonly string[], hint?: string): ScriptError {
  const message = problems.length === 1 ? problems[0]! : `${problems.length} problems:\n  - ${problems.join("\n  - ")}`;
  return new ScriptError("configuration", message, hint === undefined ? {} : { hint });
}

function find(name: string, declared: Option<unknown>, sources: Sources): Written {
  const { flag, env, config } = declared;
  const candidates: (Written | undefined)[] = [
    given(sources.input?.[name], { kind: "input", name }),
    flag === undefined ? undefined : given(sources.flags?.[name], { kind: "flag", name: flagName(flag) }),
    env === undefined ? undefined : given(blankIsUnset(sources.env?.[env]), { kind: "env", name: env }),
    env === undefined || sources.envFile === undefined
      ? undefined
      : given(blankIsUnset(sources.envFile.values[env]), { kind: "env-file", name: env, file: sources.envFile.file }),
    config === undefined || sources.config === undefined
      ? undefined
      : given(at(sources.config.values, config), { kind: "config", name: config, file: sources.config.file }),
    given(declared.default, { kind: "default", name: "" }),
  ];
  return candidates.find((candidate) => candidate !== undefined) ?? { value: undefined, source: { kind: "unset", name: "" } };
}

function given(value: unknown, source: SettingSource): Written | undefined {
  return value === undefined ? undefined : { value, source };
}

/** `DATABASE_URL=` in a shell or a CI file means "not set". */
function blankIsUnset(value: string | undefined): string | undefined {
  return value?.trim() === "" ? undefined : value;
}

function value(declared: Option<unknown>, written: Written, root: string): unknown {
  if (written.value !== undefined) return declared.parse(written.value, { root });
  if (declared.required === true) throw new Error("missing");
  return undefined;
}

function describeProblem(declared: Option<unknown>, { value: written, source }: Written, error: Error): string {
  if (source.kind === "unset") return `${label(declared)} is not set (${declared.description}); ${ways(declared)}`;
  const where = `${source.name === "" ? label(declared) : source.name}${source.file === undefined ? "" : ` in ${source.file}`}`;
  const shown = declared.secret === true ? "" : ` ${JSON.stringify(written)}`;
  return `${where}${shown} is not valid: ${error.message}`;
}

function label({ env, flag, config }: Option<unknown>): string {
  return env ?? (flag === undefined ? (config ?? "a required value") : flagName(flag));
}

function ways({ env, flag, config }: Option<unknown>): string {
  const known = [
    flag === undefined ? undefined : `pass ${flag}`,
    env === undefined ? undefined : `set ${env} in the environment or the .env file`,
    config === undefined ? undefined : `set ${config} in platform.config`,
  ].filter((way) => way !== undefined);
  return known.join(", or ");
}

/** Who writes a path down means it from where they stand: a file from its own folder, a person from the working directory. */
function folderOf({ kind }: SettingSource, { root, cwd = root }: Sources): string {
  return kind === "flag" || kind === "env" || kind === "input" ? cwd : root;
}

/** "--wait <duration>" -> "--wait". */
function flagName(flag: string): string {
  return flag.split(" ")[0]!;
}

function at(values: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);
}

