export { configFileNames, findConfigFile, loadConfigFile } from "./config-file.ts";
export { printableUrlPart, readConnectionUrl, type ConnectionUrl, type ConnectionUrlRules } from "./connection-url.ts";
export { databaseUrl, redisUrl, stateSchema, supabaseAnonKey, supabaseServiceKey, supabaseUrl } from "./contract.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { readEnvFile } from "./env-file.ts";
export { option, type InputOf, type Option, type Options, type OptionsOf, type ParseContext, type SettingsOf } from "./option.ts";
export { createRedactor, redactDeep, type Redact } from "./redact.ts";
export { Secret } from "./secret.ts";
export {
  configurationError,
  resolveSettings,
  type Resolved,
  type SettingSource,
  type SettingSourceKind,
  type Sources,
} from "./settings.ts";
export { suggest } from "./suggest.ts";
