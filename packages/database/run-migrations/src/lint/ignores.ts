import { splitStatements, type SqlStatement } from "@org/postgres";

/** A comment `-- lint-ignore rule: reason` for the statement that it is in or before, or `-- lint-ignore-file rule: reason`. */
export interface Ignore {
  readonly rule: string;
  readonly reason: string;
  readonly wholeFile: boolean;
  readonly line: number;
  readonly covers: (statement: SqlStatement) => boolean;
  /** Whether it kept anything from being reported. */
  isUsed: boolean;
}

export function readIgnores(sql: string): readonly Ignore[] {
  const comments = [...sql.matchAll(/^[^\n]*?--[ \t]*lint-ignore(?<file>-file)?[ \t]+(?<rule>[\w-]+)[ \t]*(?::[ \t]*(?<reason>[^\r\n]*))?/gmu)];
  if (comments.length === 0) return [];
  const { statements } = splitStatements(sql);
  return comments.map(({ index, 0: text, groups }) => {
    const end = index + text.length;
    const target = statements.find((statement) => statement.start + statement.text.length > index && (statement.start >= index || end > statement.start));
    return {
      rule: groups?.["rule"] ?? "",
      reason: (groups?.["reason"] ?? "").trim(),
      wholeFile: groups?.["file"] !== undefined,
      line: sql.slice(0, index).split("\n").length,
      covers: (statement) => statement.start === target?.start,
      isUsed: false,
    };
  });
}
