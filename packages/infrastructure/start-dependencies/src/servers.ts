// What tests of other packages need to run servers of their own.
export { localCache, type CacheBinary, type CacheFlavour } from "./cache-binaries.ts";
export { cacheReady } from "./cache-service.ts";
export { cacheOfFolder, cacheStopSteps, startCache } from "./cache-server.ts";
export { unpackCachePackage } from "./unpack-cache.ts";
export { freePort } from "./free-port.ts";
export { withLock } from "./lock.ts";
export { canEnter, postgresOsUser, type OsUser } from "./os-user.ts";
export { embeddedPostgres, localPostgres, type PostgresBinaries } from "./postgres-binaries.ts";
export { postgresReady } from "./postgres-service.ts";
export { initialiseDataDir, makePostgresFolder, postgresOfDataDir, postgresStopSteps, startPostgres } from "./postgres-server.ts";
export { isRunning, processCommand, processIdentity, type ProcessIdentity } from "./process-identity.ts";
export { lastLines, stopProcess, waitUntilReady } from "./server-process.ts";
