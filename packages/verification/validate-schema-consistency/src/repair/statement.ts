/** One SQL statement, without its semicolon. */
export interface Statement {
  readonly sql: string;
  /** What is gone after it, in words; absent: nothing. */
  readonly loses?: string;
  /** Where it stands among the others, where that is not the place of its kind. */
  readonly phase?: number;
}

/** How a change is written: in place, by dropping the object and making it again, or not at all. */
export type Written = readonly Statement[] | "remake" | Unwritable;

export interface Unwritable {
  readonly cannot: string;
}

export function cannot(reason: string): Unwritable {
  return { cannot: reason };
}

export function isUnwritable(written: Written): written is Unwritable {
  return typeof written === "object" && "cannot" in written;
}

/** Statements that lose nothing. */
export function statements(...sql: readonly string[]): readonly Statement[] {
  return sql.map((text) => ({ sql: text }));
}
