import { option, type Option } from "./option.ts";
import type { Secret } from "./secret.ts";


/** DATABASE_URL: the Postgres connection; required unless told otherwise. */
export function databaseUrl(): Option<Secret>;
export function databaseUrl(declared: { readonly required: false }): Option<Secret | undefined>;
export function databaseUrl(declared: { readonly required: boolean } = { required: true }): Option<Secret | undefined> {
  return option.secret({
    ...declared,
    flag: "--database-url <url>",
    env: "DATABASE_URL",
    config: "databaseUrl",
    description: "Postgres connection URL",
  });
}

/** REDIS_URL: the Dragonfly, Valkey or Redis connection; required unless told otherwise. */
export function redisUrl(): Option<Secret>;
export function redisUrl(declared: { readonly required: false }): Option<Secret | undefined>;
export function redisUrl(declared: { readonly required: boolean } = { required: true }): Option<Secret | undefined> {
  return option.secret({
    ...declared,
    flag: "--redis-url <url>",
    env: "REDIS_URL",
    config: "redisUrl",
    description: "Dragonfly, Valkey or Redis connection URL",
  });
}

/** SUPABASE_URL: the project's endpoint. */
export function supabaseUrl(): Option<string | undefined> {
  return option.text({
    flag: "--supabase-url <url>",
    env: "SUPABASE_URL",
    config: "supabaseUrl",
    description: "Supabase endpoint",
  });
}

/** SUPABASE_ANON_KEY: the public API key. */
export function supabaseAnonKey(): Option<Secret | undefined> {
  return option.secret({ env: "SUPABASE_ANON_KEY", description: "Supabase public API key" });
}

/** SUPABASE_SERVICE_KEY: the admin API key. */
export function supabaseServiceKey(): Option<Secret | undefined> {
  return option.secret({ env: "SUPABASE_SERVICE_KEY", description: "Supabase admin API key" });
}

/** The schema of the state tables. */
export function stateSchema(): Option<string> {
  return option.text({
    flag: "--state-schema <name>",
    config: "database.stateSchema",
    default: "platform",
    description: "schema of the state tables",
  });
}

