import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { ForeignToolName } from "./foreign-tool-names.ts";
import { normaliseVersion } from "./layouts.ts";

/** One row of another tool's history. */
export interface ForeignRow {
  readonly version: string;
  readonly appliedAt: Date | null;
  /** What its tool keeps of the file; null where it keeps nothing. */
  readonly checksum: string | null;
  /** Started and not ended, or failed. */
  readonly broken: boolean;
  /** Whether it stands for every older version too, and needs no file itself. */
  readonly includesOlder: boolean;
}

/** How a tool keeps its history. */
export interface ForeignTool {
  readonly name: ForeignToolName;
  readonly table: string;
  /** Columns by which its table is told from others of that name. */
  readonly columns: readonly string[];
  readonly without: readonly string[];
  /** Reads as ForeignRow what is applied, or was to be; from a table as SQL writes its name. */
  readonly query: (table: string) => string;
  readonly versionOf: (row: ForeignRow) => string;
  /** Its one row stands for every older version too. */
  readonly keepsNewestOnly: boolean;
  /** Whether a file is the one of which it kept that checksum. */
  readonly matches?: (checksum: string, file: AppliedFile) => boolean;
}

interface AppliedFile {
  readonly name: string;
  readonly text: string;
}

interface Columns {
  readonly version: string;
  readonly appliedAt?: string;
  readonly checksum?: string;
  readonly broken?: string;
  readonly includesOlder?: string;
}

function select({ version, appliedAt = "NULL::timestamptz", checksum = "NULL::text", broken = "false", includesOlder = "false" }: Columns, where = "true"): ForeignTool["query"] {
  const columns = `${version} AS version, ${appliedAt} AS "appliedAt", ${checksum} AS checksum, ${broken} AS broken, ${includesOlder} AS "includesOlder"`;
  return (from) => `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY 1`;
}

const digits = ({ version }: ForeignRow): string => normaliseVersion(/^\d+/u.exec(version)?.[0] ?? version);
const withoutSeparators = (sql: string): string => sql.replaceAll(/[\s;]/gu, "");
const plain = { without: [], keepsNewestOnly: false, versionOf: digits } as const;

// Repeatable scripts and the creation of the schema have no version of a file. What `undo` took back, and what `repair` found deleted, has a later row.
const flywayRows = select(
  { version: "version::text", appliedAt: "installed_on::timestamptz", checksum: "checksum::text", broken: "NOT success", includesOlder: "type LIKE '%BASELINE'" },
  "type <> 'SCHEMA' AND type <> 'DELETE' AND type NOT LIKE 'UNDO%'",
);

/** The tools whose history can be adopted, the more particular table of a name first. */
export const foreignTools: readonly ForeignTool[] = [
  {
    ...plain,
    name: "supabase",
    table: "schema_migrations",
    columns: ["version", "statements"],
    query: select({ version: "version", checksum: "nullif(array_to_string(statements, ''), '')" }),
    // It keeps the text of each statement, with comments and without what stands between two of them.
    matches: (statements, { text }) => withoutSeparators(statements) === withoutSeparators(text),
  },
  {
    ...plain,
    name: "golang-migrate",
    table: "schema_migrations",
    columns: ["version", "dirty"],
    keepsNewestOnly: true,
    query: select({ version: "version::text", broken: "dirty" }),
  },
  // Ecto has a table of this name too, which holds more. That of Rails is the same, and its versions have no SQL files.
  { ...plain, name: "dbmate", table: "schema_migrations", columns: ["version"], without: ["inserted_at", "dirty", "statements"], query: select({ version: "version::text" }) },
  {
    ...plain,
    name: "sqlx",
    table: "_sqlx_migrations",
    columns: ["version", "success", "checksum"],
    query: select({ version: "version::text", appliedAt: "installed_on", checksum: "encode(checksum, 'hex')", broken: "NOT success" }),
    matches: (checksum, { text }) => checksum === hash("sha384", text),
  },
  { ...plain, name: "diesel", table: "__diesel_schema_migrations", columns: ["version", "run_on"], query: select({ version: "version::text", appliedAt: "run_on::timestamptz" }) },
  {
    ...plain,
    name: "flyway",
    table: "flyway_schema_history",
    columns: ["installed_rank", "version", "type", "checksum", "success"],
    query: (table) => flywayRows(`(SELECT DISTINCT ON (version) * FROM ${table} WHERE version IS NOT NULL ORDER BY version, installed_rank DESC) AS newest`),
    versionOf: ({ version }) => normaliseVersion(version),
    // A signed CRC-32 over the lines without their ends and without a byte order mark.
    matches: (checksum, { text }) => Number(checksum) === (crc32(text.replace(/^\uFEFF/u, "").replaceAll(/[\r\n]/gu, "")) | 0),
  },
  {
    ...plain,
    name: "prisma",
    table: "_prisma_migrations",
    columns: ["migration_name", "finished_at", "rolled_back_at"],
    query: select({ version: "migration_name", appliedAt: "finished_at", checksum: "checksum", broken: "finished_at IS NULL" }, "rolled_back_at IS NULL"),
    matches: (checksum, { text }) => checksum === hash("sha256", text),
  },
  {
    ...plain,
    name: "postgres-migrations",
    table: "migrations",
    columns: ["id", "name", "hash", "executed_at"],
    // Row 0 is the tool's own table.
    query: select({ version: "id::text", appliedAt: "executed_at::timestamptz", checksum: "hash" }, "id > 0"),
    matches: (checksum, { name, text }) => checksum === hash("sha1", name + text),
  },
];
