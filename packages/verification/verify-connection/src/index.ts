export { verifyConnection } from "./script.ts";
export type { AddressFacts, ConnectionData, Layer, ServerFacts, TlsFacts } from "./connection-data.ts";
export type { SessionContext } from "./session/session-context.ts";
