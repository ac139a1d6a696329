import type { Difference } from "@org/postgres/schema";
import { describeDifference } from "../drift-checks.ts";
import type { Plan } from "./plan.ts";
import type { Statement } from "./statement.ts";
import type { Step } from "./step.ts";

export interface ScriptOptions {
  /** Statements that lose data stand in comments otherwise. */
  readonly withDataLoss: boolean;
}

/** A script for a person to read and for `psql -f` to run: ordered, in one transaction, each statement under what it is for. Without a plan nothing was compared. */
export function renderScript(plan: Plan | undefined, options: ScriptOptions): string {
  if (plan === undefined) return `${comment("The schema could not be compared, so nobody knows what to repair; the report says why.")}\n`;
  const { steps, unwritable } = plan;
  if (steps.length === 0 && unwritable.size === 0) return `${comment("Nothing to repair.")}\n`;
  const held = options.withDataLoss ? new Set<Difference>() : lossy(steps);
  const [early, rest] = [steps.filter(isOutside), steps.filter((step) => !isOutside(step))];
  const sections = [
    comment(header(steps, unwritable.size, held.size > 0)),
    "\\set ON_ERROR_STOP on\nSET check_function_bodies = off;\nSET search_path = pg_catalog;",
    ...early.map((step) => renderStep(step, held)),
    "BEGIN;\nSET LOCAL lock_timeout = '10s';",
    ...rest.map((step) => renderStep(step, held)),
    "COMMIT;",
    ...[...unwritable].map(([difference, reason]) => comment(`${describeDifference(difference)}\nNot written: ${reason}.`)),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A new value of an enumeration cannot be used in the transaction that adds it. */
function isOutside({ statements }: Step): boolean {
  return statements.some(({ sql }) => /^ALTER TYPE .* ADD VALUE /su.test(sql));
}

function lossy(steps: readonly Step[]): ReadonlySet<Difference> {
  const losing = steps.filter(({ statements }) => statements.some(({ loses }) => loses !== undefined));
  return new Set(losing.flatMap(({ serves }) => [...serves]));
}

function header(steps: readonly Step[], unwritten: number, holdsBack: boolean): string {
  const differences = new Set(steps.flatMap(({ serves }) => [...serves]));
  return [
    `Makes the live schema as it is expected: ${differences.size} differences, ${steps.flatMap(({ statements }) => statements).length} statements.`,
    "Read it before you run it, as the owner of the objects or a superuser: psql -f FILE. It takes locks, and indexes are built while writers wait.",
    ...(holdsBack ? ["What loses data stands in comments; --with-data-loss writes it as statements."] : []),
    ...(unwritten === 0 ? [] : [`${unwritten} differences cannot be written as SQL; the end says why.`]),
  ].join("\n");
}

/** Held back is what serves only differences whose repair loses data: half of such a repair would help nobody. */
function renderStep({ statements, serves }: Step, held: ReadonlySet<Difference>): string {
  const isHeld = [...serves].every((difference) => held.has(difference));
  const lines = statements.map((statement) => renderStatement(statement, isHeld));
  return [comment([...serves].map(describeDifference).join("\n")), ...lines].join("\n");
}

function renderStatement({ sql, loses }: Statement, isHeld: boolean): string {
  const warning = loses === undefined ? [] : [comment(`Loses ${loses}.`)];
  return [...warning, isHeld ? comment(`${sql};`) : `${sql};`].join("\n");
}

/** Each line by itself, so that no name or value ends the comment. */
function comment(text: string): string {
  return text
    .split(/[\r\n\u2028\u2029]+/u)
    .map((line) => `-- ${line}`)
    .join("\n");
}
