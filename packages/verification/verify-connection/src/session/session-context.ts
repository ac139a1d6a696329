import type { PostgresClient, PostgresOptions } from "@org/postgres";
import type { PlatformConfig } from "@org/script";

/** What the checks on a session are handed, those of `platform.config.*` included. */
export interface SessionContext {
  /** A read-only session. */
  readonly client: PostgresClient;
  /** How it was opened, for checks that need a second one. */
  readonly options: PostgresOptions;
  readonly config: PlatformConfig;
  readonly stateSchema: string;
  readonly facts: SessionFacts;
}

/** What the checks find out about the server, for the report. */
export interface SessionFacts {
  version?: string;
  role?: string;
  superuser?: boolean;
  replica?: boolean;
  readOnlyByDefault?: boolean;
  pooler?: "none" | "session" | "transaction";
  connections?: { readonly used: number; readonly limit: number };
  clockOffsetMs?: number;
  /** The second session, opened beside the first by the check of the login. */
  second?: SecondSession;
}

export interface SecondSession {
  /** Milliseconds from nothing to a session. */
  readonly ms: number;
  readonly firstPid: number;
  readonly secondPid: number;
  /** The process that the second session's login was told, for cancelling; undefined where nothing was told. */
  readonly announcedPid: number | undefined;
  /** `default_transaction_read_only` of a session that does not ask for it. */
  readonly readOnlyByDefault: boolean;
}

/** Asks for one row; a server that gives none does not keep the protocol, which is a bug of somebody. */
export async function row<T>({ client }: SessionContext, text: string, values: readonly unknown[] = []): Promise<T> {
  const { rows } = await client.query<T>(text, values);
  if (rows[0] === undefined) throw new Error(`no row came back from: ${text}`);
  return rows[0];
}
