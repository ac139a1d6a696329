export { freePort } from "@org/start-dependencies/servers";
export { closedPort } from "./closed-port.ts";
export { pgDump, psqlFile } from "./pg-dump.ts";
export { startPrivateCache, type CacheServer, type PrivateCache, type PrivateCacheOptions } from "./private-cache.ts";
export { startPrivatePostgres, type PostgresServer, type PrivatePostgres, type PrivatePostgresOptions } from "./private-postgres.ts";
export { binFile, compileCache, runBin, runProcess, startBin, startProcess, type BinOptions, type ProcessOptions, type ProcessResult, type StartedProcess } from "./run-process.ts";
export { createScratchDatabase, withScratchDatabase, type ScratchDatabase } from "./scratch-database.ts";
export { cacheServer, postgresServer } from "./shared-servers.ts";
export { withTempFolder } from "./temp-folder.ts";
