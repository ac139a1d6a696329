export { withCache, type CacheClient, type CacheOptions } from "./client.ts";
export { toCacheError, type CacheErrorContext } from "./errors.ts";
export { parseInfo, readInfo, serverFlavour, type CacheInfo, type ServerFlavour } from "./info.ts";
export { ping } from "./ping.ts";
export { describeCacheUrl, parseCacheUrl, type CacheAddress } from "./url.ts";
