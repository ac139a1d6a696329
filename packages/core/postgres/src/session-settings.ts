import { askInOrder } from "./ask-in-order.ts";
import type { PostgresClient, PostgresOptions, PostgresResult, SessionBounds } from "./client.ts";

/** Server parameters by name; the values need no quotes. */
export type SessionSettings = Readonly<Record<string, string | number>>;

export function sessionSettings({ readOnly = false, statementTimeoutMs, lockTimeoutMs }: Omit<PostgresOptions, "url" | "applicationName">): SessionSettings {
  const statementTimeout = statementTimeoutMs ?? (readOnly ? 10_000 : undefined);
  const lockTimeout = lockTimeoutMs ?? (readOnly ? 50 : undefined);
  return {
    ...(readOnly && { default_transaction_read_only: "on", idle_in_transaction_session_timeout: 30_000 }),
    ...(statementTimeout !== undefined && { statement_timeout: statementTimeout }),
    ...(lockTimeout !== undefined && { lock_timeout: lockTimeout }),
  };
}

/** A client each of whose statements, or transactions, carries the bounds, which stay neither with the session nor with a pooler behind it. */
export function bounded(client: PostgresClient, bounds: SessionBounds): PostgresClient {
  return transactionBound(client, sessionSettings(bounds));
}

/** The settings as the login message carries them: ours after the URL's, so that ours hold. */
export function startupOptions(ofUrl: string | undefined, settings: SessionSettings): string {
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return [...(ofUrl === undefined ? [] : [ofUrl]), ...ours].join(" ");
}

export async function isReadOnly(client: PostgresClient): Promise<boolean> {
  const { rows } = await client.query<{ value: string }>("SELECT current_setting('default_transaction_read_only') AS value");
  return rows[0]?.value === "on";
}

/**
 * A client that keeps the settings where a pooler keeps none: every statement, or transaction of the caller, carries them itself,
 * and is read-only where they say so. Set for the session instead, they would stay with the pooler's connection and meet its next user.
 */
export function transactionBound(client: PostgresClient, settings: SessionSettings): PostgresClient {
  if (Object.keys(settings).length === 0) return client;
  const readOnly = settings["default_transaction_read_only"] === "on" ? ["SET TRANSACTION READ ONLY"] : [];
  const bounds = [...readOnly, ...Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`)].join("; ");
  let inTransaction = false;
  return {
    async query<Row>(text: string, values?: readonly unknown[]): Promise<PostgresResult<Row>> {
      if (beginsTransaction.test(text)) {
        const result = await client.query<Row>(text, values);
        await client.query(bounds);
        inTransaction = true;
        return result;
      }
      if (!inTransaction) return (client.pipeline === true ? atOnce : inOwnTransaction)(client, bounds, () => client.query<Row>(text, values));
      inTransaction = !endsTransaction.test(text);
      return client.query<Row>(text, values);
    },
  };
}

const beginsTransaction = /^\s*(begin|start\s+transaction)\b/i;
const endsTransaction = /^\s*(commit|end|abort|rollback)\b(?!\s+(work\s+|transaction\s+)?to\b)/i;

async function inOwnTransaction<T>(client: PostgresClient, bounds: string, work: () => Promise<T>): Promise<T> {
  await client.query(`BEGIN; ${bounds}`);
  try {
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {
      // The statement's error is the one to report, and a closed session rolls back by itself.
    });
    throw error;
  }
}

/** All of the transaction is sent at once: behind an error the server runs nothing, and takes COMMIT for ROLLBACK. */
async function atOnce<T>(client: PostgresClient, bounds: string, work: () => Promise<T>): Promise<T> {
  const [, answer] = await askInOrder<[unknown, T, unknown]>(client, () => client.query(`BEGIN; ${bounds}`), work, () => client.query("COMMIT"));
  return answer;
}
