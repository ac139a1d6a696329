import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  createRedactor,
  findConfigFile,
  loadConfigFile,
  readEnvFile,
  resolveSettings,
  type Options,
  type Redact,
  type SettingSource,
  type SettingsOf,
} from "@org/env";
import { ScriptError } from "@org/exit-codes";
import { commonOptions, type CommonSettings } from "./common-options.ts";
import type { PlatformConfig } from "./config.ts";
import type { ScriptDefinition } from "./define-script.ts";

/** What a caller, a person or a program, asked for. */
export interface Request {
  readonly action: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly configFile?: string | undefined;
  readonly envFile?: string | undefined;
  /** Whether the config file and `.env` are looked for where they are not named. */
  readonly discover: boolean;
}

/** Everything that a run needs to know before it begins. */
export interface Prepared<O extends Options> {
  readonly settings: SettingsOf<O>;
  readonly common: CommonSettings;
  readonly sources: Readonly<Record<string, SettingSource>>;
  readonly config: PlatformConfig;
  readonly configFile: string | undefined;
  readonly envFile: string | undefined;
  readonly envFileIsNamed: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly stateDir: string;
  readonly reportDir: string;
  readonly redact: Redact;
}

/** Reads and checks all input of a run. Throws ScriptError(configuration) that names every problem. */
export async function prepare<O extends Options, Data>(definition: ScriptDefinition<O, Data>, request: Request): Promise<Prepared<O>> {
  const { file: configFile, config } = await readConfig(request);
  const root = configFile === undefined ? request.cwd : dirname(configFile);
  const envFile = request.envFile ?? (request.discover ? join(root, ".env") : undefined);
  const envValues = await readNamedEnvFile(envFile, request.envFile !== undefined && definition.createsEnvFile !== true);
  const resolved = resolveSettings({ ...commonOptions(definition.manifest), ...optionsOf(definition, request.action) }, {
    input: request.input ?? {},
    flags: request.flags ?? {},
    env: request.env,
    cwd: request.cwd,
    root,
    ...(envFile === undefined ? {} : { envFile: { file: envFile, values: envValues } }),
    ...(configFile === undefined ? {} : { config: { file: configFile, values: config } }),
  });
  const common = resolved.settings as unknown as CommonSettings;
  if (!(definition.readActions ?? []).includes(request.action)) refuseProduction(definition, common);
  refuseTwoFormats(common, resolved.sources);
  return {
    settings: resolved.settings as unknown as SettingsOf<O>,
    common,
    sources: resolved.sources,
    config,
    configFile,
    envFile,
    envFileIsNamed: request.envFile !== undefined,
    env: request.env,
    root,
    stateDir: common.stateDir ?? defaultStateDir(configFile, request.env),
    reportDir: common.reportDir ?? tmpdir(),
    redact: createRedactor([...resolved.secrets, ...secretVariables({ ...envValues, ...request.env })]),
  };
}

function optionsOf<O extends Options, Data>({ options, requires }: ScriptDefinition<O, Data>, action: string): O {
  const needed = (requires?.[action] ?? []).map((name) => [name, { ...options[name], required: true }]);
  return { ...options, ...Object.fromEntries(needed) };
}

async function readConfig({ configFile, discover, cwd }: Request): Promise<{ readonly file: string | undefined; readonly config: PlatformConfig }> {
  const file = configFile === undefined ? (discover ? findConfigFile(cwd) : undefined) : resolve(cwd, configFile);
  if (file === undefined) return { file, config: {} };
  const { validateConfig } = await import("./schema/validate-config.ts");
  return { file, config: validateConfig(await loadConfigFile(file), file) };
}

async function readNamedEnvFile(file: string | undefined, mustExist: boolean): Promise<Readonly<Record<string, string | undefined>>> {
  const values = file === undefined ? undefined : await readEnvFile(file);
  if (values === undefined && mustExist) {
    throw new ScriptError("configuration", `the env file ${file} does not exist`, { hint: "Name an existing file with --env-file." });
  }
  return values ?? {};
}

/** Writers ask before they touch production; a dry run touches nothing. */
function refuseProduction({ manifest }: ScriptDefinition<never, never> | { readonly manifest: { readonly permission: string } }, common: CommonSettings): void {
  const isProduction = /^prod(uction)?$/iu.test(common.environment);
  if (manifest.permission === "read" || !isProduction || common.yes === true || common.dryRun) return;
  throw new ScriptError("configuration", `ENVIRONMENT is ${common.environment}, and this script writes`, {
    hint: "Pass --yes when that is meant, or look first with --dry-run.",
  });
}

function refuseTwoFormats({ json, format }: CommonSettings, sources: Readonly<Record<string, SettingSource>>): void {
  if (!json || format === "json" || sources["format"]?.kind === "default") return;
  throw new ScriptError("configuration", `--json and --format ${format} ask for two formats at once`, { hint: "Pass one of them." });
}

function defaultStateDir(configFile: string | undefined, env: Request["env"]): string {
  if (configFile !== undefined) return join(dirname(configFile), ".platform");
  const state = env["XDG_STATE_HOME"]?.trim();
  return join(state === undefined || state === "" ? join(homedir(), ".local", "state") : state, "platform-scripts");
}

/** Variables of the environment that hold secrets, also when this script does not use them. */
function secretVariables(env: Request["env"]): string[] {
  const secret = /(?:^|_)(?:PASSWORD|PASSWD|PGPASSWORD|SECRET|TOKEN|(?:DATABASE|REDIS|PUSHGATEWAY)_URL|(?:ANON|SERVICE|SERVICE_ROLE|API|PRIVATE|ACCESS)_KEY)$/u;
  return Object.entries(env).flatMap(([name, value]) => (secret.test(name) && value !== undefined && value.length >= 8 ? [value] : []));
}
