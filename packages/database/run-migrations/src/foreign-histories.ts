import { normaliseVersion } from "./layouts.ts";

/** One row of another tool's history. */
export interface ForeignRow {
  readonly version: string;
  readonly appliedAt: Date | null;
  /** As hex. */
  readonly checksum: string | null;
  /** Started and not ended, or failed. */
  readonly broken: boolean;
  /** Whether it stands for every older version too. */
  readonly includesOlder: boolean;
}

/** How a tool keeps its history. */
export interface ForeignTool {
  readonly name: (typeof foreignToolNames)[number];
  readonly table: string;
  /** Columns by which its table is told from others of that name. */
  readonly columns: readonly string[];
  readonly without: readonly string[];
  /** The part before FROM; gives a ForeignRow. */
  readonly query: string;
  /** Which rows tell of a migration that is applied, or was to be. */
  readonly where: string;
  readonly versionOf: (row: ForeignRow) => string;
  /** Its one row stands for every older version too. */
  readonly keepsNewestOnly: boolean;
  /** How it computes its checksums over the bytes of a file. */
  readonly digest?: { readonly algorithm: string; readonly withName: boolean };
}

interface Columns {
  readonly version: string;
  readonly appliedAt?: string;
  readonly checksum?: string;
  readonly broken?: string;
  readonly includesOlder?: string;
}

function select({ version, appliedAt = "NULL::timestamptz", checksum = "NULL::text", broken = "false", includesOlder = "false" }: Columns): string {
  return `SELECT ${version} AS version, ${appliedAt} AS "appliedAt", ${checksum} AS checksum, ${broken} AS broken, ${includesOlder} AS "includesOlder"`;
}

const digits = ({ version }: ForeignRow): string => normaliseVersion(/^\d+/u.exec(version)?.[0] ?? version);
const plain = { without: [], where: "true", keepsNewestOnly: false, versionOf: digits } as const;

export const foreignToolNames = ["supabase", "golang-migrate", "dbmate", "sqlx", "diesel", "flyway", "prisma", "postgres-migrations"] as const;

/** The tools whose history can be adopted, the more particular table of a name first. */
export const foreignTools: readonly ForeignTool[] = [
  { ...plain, name: "supabase", table: "schema_migrations", columns: ["version", "statements"], query: select({ version: "version" }) },
  {
    ...plain,
    name: "golang-migrate",
    table: "schema_migrations",
    columns: ["version", "dirty"],
    keepsNewestOnly: true,
    query: select({ version: "version::text", broken: "dirty" }),
  },
  // Rails and Ecto have tables of this name too; theirs hold more.
  { ...plain, name: "dbmate", table: "schema_migrations", columns: ["version"], without: ["inserted_at", "dirty", "statements"], query: select({ version: "version::text" }) },
  {
    ...plain,
    name: "sqlx",
    table: "_sqlx_migrations",
    columns: ["version", "success", "checksum"],
    query: select({ version: "version::text", appliedAt: "installed_on", checksum: "encode(checksum, 'hex')", broken: "NOT success" }),
    digest: { algorithm: "sha384", withName: false },
  },
  { ...plain, name: "diesel", table: "__diesel_schema_migrations", columns: ["version", "run_on"], query: select({ version: "version::text", appliedAt: "run_on::timestamptz" }) },
  {
    ...plain,
    name: "flyway",
    table: "flyway_schema_history",
    columns: ["installed_rank", "version", "success"],
    // Repeatable scripts and the creation of the schema have no version.
    query: select({ version: "version::text", appliedAt: "installed_on::timestamptz", broken: "NOT success OR type LIKE 'UNDO%'", includesOlder: "type = 'BASELINE'" }),
    where: "version IS NOT NULL",
    versionOf: ({ version }) => normaliseVersion(version),
  },
  {
    ...plain,
    name: "prisma",
    table: "_prisma_migrations",
    columns: ["migration_name", "finished_at", "rolled_back_at"],
    query: select({ version: "migration_name", appliedAt: "finished_at", checksum: "checksum", broken: "finished_at IS NULL" }),
    where: "rolled_back_at IS NULL",
    digest: { algorithm: "sha256", withName: false },
  },
  {
    ...plain,
    name: "postgres-migrations",
    table: "migrations",
    columns: ["id", "name", "hash", "executed_at"],
    query: select({ version: "id::text", appliedAt: "executed_at::timestamptz", checksum: "hash" }),
    // Row 0 is the tool's own table.
    where: "id > 0",
    digest: { algorithm: "sha1", withName: true },
  },
];
