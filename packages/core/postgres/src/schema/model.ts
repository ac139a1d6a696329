/** One object of a schema as the catalogs tell it, in words that mean the same on every server. */
export interface Fact {
  readonly kind: Kind;
  /** Qualified, quoted where SQL needs it, unique within its kind. */
  readonly name: string;
  /** The relation or type that it is a part of. */
  readonly parent: string | undefined;
  /** What it is like; a property that an object does not have is absent. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Everything that changes what a database does, at one moment. */
export interface Snapshot {
  /** As the server compares it: 150018 is 15.18. */
  readonly serverVersion: number;
  readonly facts: readonly Fact[];
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
  | "text search configuration"
  | "text search dictionary"
  | "statistics"
  | "extension"
  | "publication"
  | "subscription"
  | "foreign data wrapper"
  | "foreign server"
  | "user mapping"
  | "default privileges"
  | "setting";

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
