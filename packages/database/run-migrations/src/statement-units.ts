import { planExecution, type SqlStatement } from "@org/postgres";

/** Statements that are done together or not at all, as far as the server allows. */
export interface StatementUnit {
  /**
   * `setting`: changes the session only. `block`: a transaction of the file's own. `alone`: refuses a transaction, or ends transactions
   * itself. `plain`: can share a transaction with its record.
   */
  readonly kind: "setting" | "block" | "alone" | "plain";
  readonly statements: readonly SqlStatement[];
  /** How many statements of the file are done when it is. */
  readonly end: number;
}

/** Groups the statements of a file that runs outside a transaction. */
export function statementUnits(statements: readonly SqlStatement[]): readonly StatementUnit[] {
  const units: StatementUnit[] = [];
  let block: SqlStatement[] = [];
  for (const [index, statement] of statements.entries()) {
    const end = index + 1;
    if (block.length > 0 || opens(statement)) {
      block.push(statement);
      if (!closes(statement)) continue;
      units.push({ kind: "block", statements: block, end });
      block = [];
    } else units.push({ kind: kindOf(statement), statements: [statement], end });
  }
  return units;
}

function opens({ words }: SqlStatement): boolean {
  return /^(?:BEGIN|START TRANSACTION)\b/u.test(words.join(" "));
}

// AND CHAIN opens the next transaction, so the block goes on.
function closes({ words }: SqlStatement): boolean {
  const text = words.join(" ");
  if (/^ROLLBACK(?: WORK| TRANSACTION)? TO\b|\bAND CHAIN$/u.test(text)) return false;
  return /^(?:COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b/u.test(text);
}

function kindOf(statement: SqlStatement): StatementUnit["kind"] {
  const words = statement.words.join(" ");
  if (/^(?:SET|RESET|DISCARD|LISTEN|UNLISTEN|PREPARE|DEALLOCATE)\b/u.test(words) || /^select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(/iu.test(statement.text)) return "setting";
  // CALL and DO may commit inside; a lone COMMIT ends nothing.
  if (/^(?:CALL|DO|COMMIT|END|ROLLBACK|ABORT)\b/u.test(words)) return "alone";
  return planExecution(statement.text).inTransaction ? "plain" : "alone";
}
