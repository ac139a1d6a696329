import { parsePostgresUrl } from "@org/postgres";
import { fail, pass, skipped, warn, type Check, type Finding } from "@org/script";
import { readApiKey, type ApiKey } from "../api-key.ts";
import type { DoctorContext, Variables } from "../doctor-context.ts";

export const keyChecks: readonly Check<DoctorContext>[] = [
  { id: "key.anon", title: "SUPABASE_ANON_KEY is a public key", run: ({ run }) => keyFinding(anonSlot, run.settings.supabaseAnonKey?.reveal()) },
  { id: "key.service", title: "SUPABASE_SERVICE_KEY is a service key", run: ({ run }) => keyFinding(serviceSlot, run.settings.supabaseServiceKey?.reveal()) },
  { id: "key.project", title: "Keys, SUPABASE_URL and DATABASE_URL belong to one project", run: oneProject },
  { id: "key.public", title: "No public variable holds a service key", run: ({ env }) => publicFinding(env) },
];

interface Slot {
  readonly variable: string;
  readonly kind: "anon" | "service";
  readonly wrong: string;
}

const anonSlot: Slot = {
  variable: "SUPABASE_ANON_KEY",
  kind: "anon",
  wrong: "a service key is where the public key belongs: whoever gets it reads and writes everything",
};
const serviceSlot: Slot = {
  variable: "SUPABASE_SERVICE_KEY",
  kind: "service",
  wrong: "a public key is where the service key belongs: what needs rights will be refused",
};

function keyFinding({ variable, kind, wrong }: Slot, text: string | undefined): Finding {
  if (text === undefined) return skipped(`${variable} is not set`);
  const key = readApiKey(text);
  const where = "The keys are in the project's settings under API keys.";
  if (key.kind === "unreadable") return fail(`${variable} is neither a JWT nor a key of the new kind (sb_...)`, `Copy the whole key into ${variable}. ${where}`);
  if (key.kind === "other") return fail(`${variable} is a JWT with role ${key.role ?? "of none"}`, `Set ${variable} to the ${kind} key. ${where}`);
  if (key.kind !== kind) {
    return fail(
      `${wrong} (role ${key.role})`,
      `Set ${variable} to the ${kind} key${kind === "anon" ? ", and renew the service key if this one was published" : ""}. ${where}`,
    );
  }
  return ageFinding(variable, key);
}

function ageFinding(variable: string, { role, expiresAt }: ApiKey): Finding {
  if (expiresAt === undefined) return pass(`role ${role}`);
  const days = Math.floor(expiresAt - Date.now() / 1000) / 86_400;
  if (days < 0) {
    return fail(
      `the key (role ${role}) expired on ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`,
      `Make a new key and set ${variable} to it.`,
    );
  }
  if (days < 14) return warn(`the key (role ${role}) expires in ${Math.floor(days)} days`, `Make a new key and set ${variable} to it.`);
  return pass(`role ${role}, valid until ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`);
}

function oneProject({ run: { settings } }: DoctorContext): Finding {
  const named = {
    SUPABASE_URL: projectOfUrl(settings.supabaseUrl),
    SUPABASE_ANON_KEY: projectOfKey(settings.supabaseAnonKey?.reveal()),
    SUPABASE_SERVICE_KEY: projectOfKey(settings.supabaseServiceKey?.reveal()),
    DATABASE_URL: projectOfDatabase(settings.databaseUrl?.reveal()),
  };
  return projectFinding(named);
}

export function projectFinding(named: Readonly<Record<string, string | undefined>>): Finding {
  const known = Object.entries(named).filter(([, project]) => project !== undefined);
  if (known.length < 2) return skipped("fewer than two of them name a project");
  if (new Set(known.map(([, project]) => project)).size === 1) return pass(`${known.map(([variable]) => variable).join(", ")} belong to ${known[0]![1]}`);
  return fail(known.map(([variable, project]) => `${variable} belongs to ${project}`).join(", "), "Copy all of them from the settings of one project.");
}

function projectOfUrl(url: string | undefined): string | undefined {
  return /^https:\/\/([a-z0-9]+)\.supabase\.(?:co|in|net)\b/i.exec(url ?? "")?.[1];
}

function projectOfKey(text: string | undefined): string | undefined {
  return text === undefined ? undefined : readApiKey(text).project;
}

/** Direct connections name the project in the host, those through the pooler in the user. */
export function projectOfDatabase(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { host, user } = parsePostgresUrl(url);
  return /^db\.([a-z0-9]+)\.supabase\.co$/i.exec(host)?.[1] ?? (/\.pooler\.supabase\.com$/i.test(host) ? /^[^.]+\.([a-z0-9]+)$/i.exec(user)?.[1] : undefined);
}

/** Bundlers put variables with these prefixes into what browsers load. */
const publicPrefix = /^(NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|PUBLIC|GATSBY)_/;

export function publicFinding(env: Variables): Finding {
  const names = Object.keys(env).filter((name) => publicPrefix.test(name));
  if (names.length === 0) return skipped("no variable is meant for browsers");
  const leaking = names.filter((name) => readApiKey(env[name] ?? "").kind === "service");
  if (leaking.length === 0) return pass(`${names.length} variables for browsers hold no service key`);
  return fail(`${leaking.join(", ")} would put a service key into the browser`, "Use the public key there, and renew the service key if it was published.");
}
