import { splitStatements, type SqlStatement } from "./split-statements.ts";

/** How one file runs. */
export interface ExecutionPlan {
  /** In one transaction together with its history row; else statement by statement, each on its own. */
  readonly inTransaction: boolean;
  readonly statements: readonly SqlStatement[];
  /** The statement that opens a transaction which the file does not end. */
  readonly leftOpen: SqlStatement | undefined;
}

/** Comments that ask for a run outside a transaction: those of postgres-migrations and of sqlx. */
const outsideMarkers: ReadonlySet<string> = new Set(["postgres-migrations disable-transaction", "no-transaction"]);

/**
 * Decides whether a file runs in a transaction: it does unless a comment asks otherwise, one of its statements cannot, or it controls
 * transactions itself. A file that is merely wrapped in BEGIN and COMMIT runs in the runner's transaction instead of its own.
 */
export function planExecution(sql: string): ExecutionPlan {
  return telling.test(sql) ? planStatements(sql) : ordinaryPlan(sql);
}

/** Without any of these words the statements make no difference. Most files have none, and to take one apart takes a hundred times as long as to see that. */
const telling = /\b(?:begin|commit|end|rollback|abort|transaction|concurrently|reindex|vacuum|cluster|system|database|tablespace|subscription)\b/iu;

/** Its statements are taken apart when they are asked for. */
function ordinaryPlan(sql: string): ExecutionPlan {
  let statements: readonly SqlStatement[] | undefined;
  return {
    inTransaction: true,
    leftOpen: undefined,
    get statements() {
      return (statements ??= splitStatements(sql).statements);
    },
  };
}

function planStatements(sql: string): ExecutionPlan {
  const { statements, comments } = splitStatements(sql);
  const outside = comments.some((comment) => outsideMarkers.has(comment.toLowerCase())) || statements.some(refusesTransaction);
  if (!outside && isWrapped(statements)) return { inTransaction: true, statements: statements.slice(1, -1), leftOpen: undefined };
  const control = statements.filter(controlsTransaction);
  const last = control.at(-1);
  return {
    inTransaction: !outside && control.length === 0,
    statements,
    leftOpen: last !== undefined && opensTransaction(last) ? last : undefined,
  };
}

function isWrapped(statements: readonly SqlStatement[]): boolean {
  const [first, ...rest] = statements;
  const last = rest.pop();
  if (first === undefined || last === undefined || rest.some(controlsTransaction)) return false;
  return /^(?:BEGIN(?: WORK| TRANSACTION)?|START TRANSACTION)$/u.test(head(first)) && /^(?:COMMIT|END)(?: WORK| TRANSACTION)?$/u.test(head(last));
}

function controlsTransaction(statement: SqlStatement): boolean {
  if (/^ROLLBACK(?: WORK| TRANSACTION)? TO\b/u.test(head(statement))) return false;
  return /^(?:BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b/u.test(head(statement));
}

function opensTransaction(statement: SqlStatement): boolean {
  return /^(?:BEGIN|START)\b|\bAND CHAIN$/u.test(head(statement));
}

const refusals: readonly RegExp[] = [
  /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY\b/u,
  /^DROP INDEX CONCURRENTLY\b/u,
  /^REINDEX (?:.*\bCONCURRENTLY|DATABASE|SYSTEM|SCHEMA)\b/u,
  /^ALTER TABLE .*\bDETACH PARTITION .*\bCONCURRENTLY\b/u,
  /^VACUUM\b/u,
  /^CLUSTER$/u,
  /^ALTER SYSTEM\b/u,
  /^(?:CREATE|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION)\b/u,
  /^ALTER DATABASE .*\bSET TABLESPACE\b/u,
];

function refusesTransaction(statement: SqlStatement): boolean {
  const words = head(statement);
  // REINDEX (CONCURRENTLY) hides its option in parentheses.
  return refusals.some((refusal) => refusal.test(words)) || /^REINDEX\s*\([^)]*\bCONCURRENTLY\b/iu.test(statement.text);
}

function head(statement: SqlStatement): string {
  return statement.words.join(" ");
}
