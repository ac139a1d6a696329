import type { Logger } from "@org/logging";
import { quoteIdentifier, type PostgresClient, type PostgresResult } from "@org/postgres";

export interface Replaced {
  /** The live database's name, as migrations may write it. */
  readonly database: string;
  /** The scratch database's name. */
  readonly scratch: string;
}

export interface Confinement extends Replaced {
  readonly logger: Logger;
}

/**
 * A session in which statements that reach beyond the database have no effect: roles, other databases, tablespaces and the server's settings
 * are shared with the live database, where these statements have run already. Settings of the live database go to the scratch database.
 */
export function withinDatabase(client: PostgresClient, { logger, ...replaced }: Confinement): PostgresClient {
  return {
    query: async <Row>(text: string, values?: readonly unknown[]): Promise<PostgresResult<Row>> => {
      const replacement = confine(text, replaced);
      if (replacement !== null) return client.query<Row>(replacement, values);
      logger.debug(`A statement is left out of the replay, because it reaches beyond the database: ${firstWords(text)}.`);
      return { rows: [], rowCount: null, command: "SKIPPED", fields: [] };
    },
  };
}

/** Enough to find the statement; the rest of it may be a password. */
function firstWords(text: string): string {
  return withoutLeadingComments(text).split(/\s+/u, 2).join(" ");
}

/** The statement to run instead; null for none. */
export function confine(text: string, { database, scratch }: Replaced): string | null {
  const statement = withoutLeadingComments(text);
  const setting = databaseSetting.exec(statement);
  if (setting !== null) {
    const named = setting[2]!.startsWith('"') ? setting[2]!.slice(1, -1).replaceAll('""', '"') : setting[2]!.toLowerCase();
    return named === database ? `${setting[1]}${quoteIdentifier(scratch)}${statement.slice(setting[0].length)}` : null;
  }
  return beyondDatabase.test(statement) ? null : text;
}

const databaseSetting = /^(ALTER\s+(?:DATABASE|(?:ROLE|USER)\s+(?:"(?:[^"]|"")*"|[^\s"]+)\s+IN\s+DATABASE)\s+)("(?:[^"]|"")*"|[^\s"]+)(?=\s+(?:SET\s+(?!TABLESPACE\b)|RESET\s+))/iu;

const beyondDatabase = new RegExp(
  [
    "^(?:CREATE|ALTER|DROP)\\s+(?:ROLE|USER(?!\\s+MAPPING\\b)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\\b",
    "^ALTER\\s+SYSTEM\\b",
    "^REASSIGN\\s+OWNED\\b",
    "^DROP\\s+OWNED\\b",
    "^COMMENT\\s+ON\\s+(?:ROLE|DATABASE|TABLESPACE)\\b",
    "^(?:GRANT|REVOKE)\\s+(?:(?!\\bON\\b)[^;])*$",
    "^(?:GRANT|REVOKE)\\s+[^;]*?\\bON\\s+(?:DATABASE|TABLESPACE|PARAMETER)\\s+(?!(?:TO|FROM)\\b)",
  ].join("|"),
  "iu",
);

function withoutLeadingComments(text: string): string {
  return text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/u, "");
}
