/** Extensions that work only when the server loads their library at its start; all of them are named like their library. */
const preloaded: ReadonlySet<string> = new Set(["citus", "pg_cron", "pg_net", "pg_stat_kcache", "pg_stat_monitor", "pg_stat_statements", "pgaudit", "pg_wait_sampling", "timescaledb"]);

/** The first part of their settings' names where it is not the name of the extension. */
const settingPrefixes: Readonly<Record<string, string>> = { pg_cron: "cron" };

/** Debian's packages; N stands for the server's major version. */
const packages: Readonly<Record<string, string>> = {
  address_standardizer: "postgresql-N-postgis-3",
  age: "postgresql-N-age",
  citus: "postgresql-N-citus",
  hll: "postgresql-N-hll",
  http: "postgresql-N-http",
  hypopg: "postgresql-N-hypopg",
  ip4r: "postgresql-N-ip4r",
  orafce: "postgresql-N-orafce",
  pg_cron: "postgresql-N-cron",
  pg_hint_plan: "postgresql-N-pg-hint-plan",
  pg_partman: "postgresql-N-partman",
  pg_qualstats: "postgresql-N-pg-qualstats",
  pg_repack: "postgresql-N-repack",
  pg_squeeze: "postgresql-N-squeeze",
  pg_stat_kcache: "postgresql-N-pg-stat-kcache",
  pg_wait_sampling: "postgresql-N-pg-wait-sampling",
  pgaudit: "postgresql-N-pgaudit",
  pglogical: "postgresql-N-pglogical",
  pgrouting: "postgresql-N-pgrouting",
  pgtap: "postgresql-N-pgtap",
  plpgsql_check: "postgresql-N-plpgsql-check",
  plpython3u: "postgresql-plpython3-N",
  postgis: "postgresql-N-postgis-3",
  postgis_raster: "postgresql-N-postgis-3",
  postgis_topology: "postgresql-N-postgis-3",
  rum: "postgresql-N-rum",
  semver: "postgresql-N-semver",
  timescaledb: "timescaledb-2-postgresql-N",
  unit: "postgresql-N-unit",
  vector: "postgresql-N-pgvector",
};

export function isKnownToNeedPreload(name: string): boolean {
  return preloaded.has(name);
}

export function settingPrefix(name: string): string {
  return settingPrefixes[name] ?? name;
}

/** The Debian package that holds the extension, for a server of this major version. */
export function packageOf(name: string, major: number): string | undefined {
  return packages[name]?.replace("N", String(major));
}
