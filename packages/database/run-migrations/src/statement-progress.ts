import { createHash } from "node:crypto";
import type { SqlStatement } from "@org/postgres";
import type { StatementProgress } from "./history.ts";

/** Where a run begins: after what an earlier attempt did, unless the text of that was changed since. */
export function beginProgress(statements: readonly SqlStatement[], earlier: StatementProgress | null): StatementProgress {
  const known = earlier !== null && earlier.done <= statements.length && earlier.checksum === checksumOfFirst(statements, earlier.done);
  return known ? earlier : { done: 0, checksum: checksumOfFirst(statements, 0), started: null };
}

/** By which the first statements of a file are known again. */
export function checksumOfFirst(statements: readonly SqlStatement[], count: number): string {
  const hash = createHash("sha256");
  for (const { text } of statements.slice(0, count)) hash.update(`${text.replaceAll("\r\n", "\n")}\0`);
  return hash.digest("hex");
}
