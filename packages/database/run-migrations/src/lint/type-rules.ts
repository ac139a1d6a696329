import { textOf } from "./parse-statement.ts";
import { isSerial } from "./rewrites.ts";
import { definedColumns, type LintedStatement, type LintRule } from "./rule.ts";

/** Types that are regretted later. */
export const typeRules: readonly LintRule[] = [
  { name: "ban-char-field", level: "warn", check: (statement) => (has(statement, "bpchar") ? ["char(n) fills values up with blanks", "Use text"] : undefined) },
  { name: "prefer-timestamptz", level: "warn", check: (statement) => (has(statement, "timestamp") ? ["timestamp knows no time zone", "Use timestamptz"] : undefined) },
  { name: "prefer-text-field", level: "off", check: (statement) => (has(statement, "varchar") ? ["the length of varchar(n) is hard to change", "Use text with a CHECK"] : undefined) },
  { name: "prefer-bigint-over-int", level: "off", check: (statement) => (has(statement, "int4") || has(statement, "int2") ? ["32 bits run out", "Use bigint"] : undefined) },
  {
    name: "prefer-identity",
    level: "off",
    check: (statement) => (definedColumns(statement).some(isSerial) ? ["serial leaves the sequence open to others", "Use GENERATED ALWAYS AS IDENTITY"] : undefined),
  },
];

function has(statement: LintedStatement, type: string): boolean {
  return definedColumns(statement).some(({ typeName }) => {
    const name = typeName?.names?.at(-1);
    return name !== undefined && textOf(name) === type;
  });
}
