/** One object of a schema as the catalogs tell it, in words that mean the same on every server. */
export interface Fact {
  readonly kind: Kind;
  /** Qualified, quoted where SQL needs it, unique within its kind. */
  readonly name: string;
  /** The relation or type that it is a part of. */
  readonly parent: string | undefined;
  /** The object of the same kind of a parent table that it comes from. */
  readonly origin?: string;
  /** What it is like; a property that an object does not have is absent. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A part that the session had no right to read: an object's property, or a kind as a whole. It is neither equal nor different: nobody knows. */
export interface Unread {
  readonly kind: Kind;
  /** null: any object of the kind. */
  readonly object: string | null;
  /** null: the whole object. */
  readonly property: string | null;
  readonly reason: string;
}

/** Everything that changes what a database does, at one moment. */
export interface Snapshot {
  /** As the server compares it: 150018 is 15.18. */
  readonly serverVersion: number;
  /** Whether what the databases of a server share was read too; it is compared only where both sides have it. */
  readonly clusterWide: boolean;
  readonly facts: readonly Fact[];
  readonly unread: readonly Unread[];
}

export type Kind =
  | "schema"
  | "table"
  | "column"
  | "constraint"
  | "index"
  | "sequence"
  | "view"
  | "materialized view"
  | "rule"
  | "function"
  | "procedure"
  | "aggregate"
  | "trigger"
  | "event trigger"
  | "policy"
  | "type"
  | "domain"
  | "collation"
  | "operator"
  | "operator class"
  | "operator family"
  | "cast"
  | "conversion"
  | "language"
  | "transform"
  | "access method"
  | "text search configuration"
  | "text search dictionary"
  | "text search parser"
  | "text search template"
  | "statistics"
  | "extension"
  | "publication"
  | "foreign data wrapper"
  | "foreign server"
  | "user mapping"
  | "default privileges"
  | "setting"
  | "cron job"
  | ClusterWideKind;

/** What the databases of a server share, and what a replay of migrations therefore leaves out. */
const clusterWideKinds = ["database", "role", "membership", "role setting", "parameter", "tablespace", "server", "subscription"] as const;
type ClusterWideKind = (typeof clusterWideKinds)[number];

export function isClusterWide(kind: Kind): boolean {
  return (clusterWideKinds as readonly Kind[]).includes(kind);
}

/** From worst to harmless: what the difference puts at risk. */
export const severities = ["data loss", "security", "behaviour", "performance", "cosmetic"] as const;
export type Severity = (typeof severities)[number];

/** One difference of one object. */
export interface Difference {
  readonly kind: Kind;
  readonly object: string;
  /** missing: the migrations make it and the database lacks it; extra: the other way round. */
  readonly change: "missing" | "extra" | "changed";
  /** null when it is about the whole object. */
  readonly property: string | null;
  /** As the migrations make it; null: it has no such property. */
  readonly expected: string | null;
  /** As it is in the database. */
  readonly found: string | null;
  readonly severity: Severity;
}

/** A part that was not compared, because one side could not be read. */
export interface Unknown extends Unread {
  readonly side: "expected" | "found";
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly unknown: readonly Unknown[];
}
