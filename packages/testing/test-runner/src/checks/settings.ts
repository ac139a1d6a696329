import { readFile, stat } from "node:fs/promises";
import { suggest } from "@org/env";
import { describeCacheUrl } from "@org/cache";
import { isScriptError } from "@org/exit-codes";
import { describePostgresUrl } from "@org/postgres";
import { pass, skipped, warn, type Check, type Finding, type Secret, type SettingSource } from "@org/script";
import type { DoctorContext, Variables } from "../doctor-context.ts";
import type { SettingStatus } from "../environment-status.ts";

/** The env contract: each variable with the name of its setting. */
const contract: Readonly<Record<string, string>> = {
  DATABASE_URL: "databaseUrl",
  REDIS_URL: "redisUrl",
  SUPABASE_URL: "supabaseUrl",
  SUPABASE_ANON_KEY: "supabaseAnonKey",
  SUPABASE_SERVICE_KEY: "supabaseServiceKey",
  LOG_LEVEL: "logLevel",
  LOG_FORMAT: "logFormat",
  ENVIRONMENT: "environment",
  DRY_RUN: "dryRun",
  REPORT_DIR: "reportDir",
  STATE_DIR: "stateDir",
  METRICS_FILE: "metricsFile",
  PUSHGATEWAY_URL: "pushgatewayUrl",
};

/** What other tools call the same thing. */
const aliases: Readonly<Record<string, string>> = {
  POSTGRES_URL: "DATABASE_URL",
  POSTGRESQL_URL: "DATABASE_URL",
  PG_URL: "DATABASE_URL",
  SUPABASE_DB_URL: "DATABASE_URL",
  DRAGONFLY_URL: "REDIS_URL",
  VALKEY_URL: "REDIS_URL",
  CACHE_URL: "REDIS_URL",
  NEXT_PUBLIC_SUPABASE_URL: "SUPABASE_URL",
  SUPABASE_KEY: "SUPABASE_ANON_KEY",
  SUPABASE_PUBLISHABLE_KEY: "SUPABASE_ANON_KEY",
  SUPABASE_SERVICE_ROLE_KEY: "SUPABASE_SERVICE_KEY",
  SUPABASE_SECRET_KEY: "SUPABASE_SERVICE_KEY",
};

export const settingChecks: readonly Check<DoctorContext>[] = [
  { id: "env.contract", title: "The env contract is met", run: contractMet },
  { id: "env.look-alikes", title: "No variable is one letter off", run: noLookAlikes },
  { id: "env.shadowed", title: "The env file and the environment agree", run: notShadowed },
  { id: "env.file", title: "The env file is for its owner only", run: privateEnvFile },
  { id: "env.environment", title: "ENVIRONMENT fits the database's host", run: environmentFits },
];

/** Every variable of the contract, with its source; secrets are masked. */
export function settingStatuses({ run }: DoctorContext): SettingStatus[] {
  const settings = run.settings as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(contract).map(([variable, name]) => {
    const source: SettingSource = run.sources[name] ?? { kind: "unset", name: "" };
    return { variable, value: shown(variable, settings[name]), source: source.kind, file: source.file ?? null };
  });
}

function shown(variable: string, value: unknown): string | null {
  if (value === undefined) return null;
  const describe = { DATABASE_URL: describePostgresUrl, REDIS_URL: describeCacheUrl }[variable];
  if (describe === undefined) return typeof value === "string" ? value : JSON.stringify(value);
  try {
    return describe((value as Secret).reveal());
  } catch (error) {
    if (isScriptError(error)) return "***";
    throw error;
  }
}

function contractMet(context: DoctorContext): Finding {
  const statuses = settingStatuses(context);
  const set = statuses.filter(({ source }) => source !== "unset" && source !== "default");
  const missing = ["DATABASE_URL", "REDIS_URL"].filter((variable) => !set.some((status) => status.variable === variable));
  const evidence = `${set.length} of ${statuses.length} variables are set${set.length === 0 ? "" : `: ${set.map(({ variable, source }) => `${variable} (${source})`).join(", ")}`}`;
  if (missing.length === 0) return pass(evidence, { value: set.length, unit: "count" });
  return warn(
    `${missing.join(" and ")} not set; ${evidence}`,
    "Let npx @org/start-dependencies start --env-file .env write them, or set them in the environment or .env.",
  );
}

function noLookAlikes({ env }: DoctorContext): Finding {
  const found = lookAlikes(env);
  if (found.length === 0) return pass("no variable looks like one of the contract without being it");
  return warn(
    found.map(({ name, meant }) => `${name} is set, and ${meant} is not`).join("; "),
    `Rename ${found.map(({ name, meant }) => `${name} to ${meant}`).join(", ")}; nothing here reads the old name.`,
  );
}

/** Variables that nobody here reads, beside an unset one that they are near to or another word for. */
export function lookAlikes(env: Variables): { readonly name: string; readonly meant: string }[] {
  const isSet = (name: string): boolean => (env[name] ?? "").trim() !== "";
  const unset = Object.keys(contract).filter((name) => !isSet(name));
  return Object.keys(env)
    .filter((name) => isSet(name) && contract[name] === undefined)
    .flatMap((name) => {
      const meant = aliases[name] ?? nearTo(name, unset);
      return meant !== undefined && unset.includes(meant) ? [{ name, meant }] : [];
    });
}

/** Same first letter and nearly the same length: EXPORT_DIR is a word of its own, DATABSE_URL is not. */
function nearTo(name: string, candidates: readonly string[]): string | undefined {
  return suggest(name, candidates.filter((candidate) => candidate[0] === name[0]?.toUpperCase() && Math.abs(candidate.length - name.length) <= 1));
}

function notShadowed({ run, envFile }: DoctorContext): Finding {
  if (envFile === undefined) return skipped("there is no env file");
  const shadowed = Object.keys(contract).filter((name) => (envFile[name] ?? "") !== "" && (run.env[name] ?? "") !== "" && run.env[name] !== envFile[name]);
  if (shadowed.length === 0) return pass(`nothing of ${run.envFile} is overruled by the environment`);
  return warn(
    `the environment overrules ${run.envFile} in ${shadowed.join(", ")}`,
    "Unset these variables in the shell, or correct the file, so that both say the same.",
  );
}

async function privateEnvFile({ run }: DoctorContext): Promise<Finding> {
  const mode = run.envFile === undefined ? undefined : await modeOf(run.envFile);
  if (mode === undefined) return skipped("there is no env file");
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  if ((mode & 0o077) === 0) return pass(`${run.envFile} has mode ${octal}`);
  if (!/^[^#\n]*(PASSWORD|SECRET|_KEY|_URL)\s*=\s*\S/m.test(await readFile(run.envFile!, "utf8"))) {
    return pass(
      `${run.envFile} has mode ${octal} and holds no secret`,
    );
  }
  return warn(`others may read ${run.envFile} (mode ${octal})`, `Run chmod 600 ${run.envFile}.`);
}

async function modeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function environmentFits({ run }: DoctorContext): Finding {
  const url = run.settings.databaseUrl?.reveal();
  if (url === undefined) return skipped("DATABASE_URL is not set");
  return environmentFinding(run.environment, describePostgresUrl(url));
}

/** `target` is user@host:port/database. */
export function environmentFinding(environment: string, target: string): Finding {
  const isProduction = /^prod(uction)?$/i.test(environment);
  const place = target.slice(target.lastIndexOf("@") + 1);
  const looksLive = /(^|[^a-z])(prod|production|live)([^a-z]|$)/i.test(place);
  const isLocal = /^(localhost|127\.|\[::1\]|\/)/.test(place);
  if (looksLive && !isProduction) {
    return warn(
      `ENVIRONMENT is ${environment}, and the database is ${place}`,
      "Set ENVIRONMENT=production, so that writers ask before they write, or correct DATABASE_URL.",
    );
  }
  if (isProduction && isLocal) {
    return warn(
      `ENVIRONMENT is ${environment}, and the database is on this host, ${place}`,
      "Set ENVIRONMENT=development, or let DATABASE_URL name the production server.",
    );
  }
  return pass(`ENVIRONMENT is ${environment}, the database ${place}`);
}
