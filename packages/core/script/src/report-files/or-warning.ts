import { isScriptError } from "@org/exit-codes";
import type { Logger } from "@org/logging";

/** Does what must not make a run fail; an error becomes a warning with its consequence, reason and next step. */
export async function orWarning(logger: Logger, consequence: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const hint = isScriptError(error) && error.hint !== undefined ? ` ${error.hint}` : "";
    logger.warning(`${consequence}: ${(error as Error).message}.${hint}`);
  }
}
