import type { Logger } from "@org/logging";
import { withTransaction, type PostgresClient } from "@org/postgres";
import { DeployError, toDeployError } from "./deploy-error.ts";
import type { DeployStep } from "./plan.ts";
import type { SqlFile } from "./read-sql-files.ts";
import { sendSql } from "./send-sql.ts";

export interface ApplyTarget {
  readonly client: PostgresClient;
  readonly url: string;
  readonly logger: Logger;
  readonly steps: readonly DeployStep[];
  readonly files: readonly SqlFile[];
}

/** What a run did for good, and what stopped it. */
export interface Applied {
  readonly steps: readonly DeployStep[];
  readonly files: readonly SqlFile[];
  /** What the server refused to the role: of optional extensions, or one at least that stopped the run. */
  readonly refused: readonly DeployError[];
  readonly error: DeployError | undefined;
}

/**
 * Runs the statements of the plan and the files up to the first that cannot run in a transaction as one transaction; each of those then on
 * its own, and what lies between them in a transaction again. Stops at the first failure; throws what is no refusal by the server.
 */
export async function applyPlan(target: ApplyTarget): Promise<Applied> {
  const done: Done = { steps: [], files: [], refused: [] };
  try {
    for (const [index, group] of inGroups(target.files).entries()) {
      await applyGroup(target, { group, steps: index === 0 ? target.steps : [], done });
    }
  } catch (error) {
    if (!(error instanceof DeployError) || error.code === "connection") throw error;
    return { ...done, error };
  }
  return { ...done, error: undefined };
}

interface Done {
  readonly steps: DeployStep[];
  readonly files: SqlFile[];
  readonly refused: DeployError[];
}

/** Neighbours that can share a transaction; the first group is there for the extensions too, and may hold no file. */
function inGroups(files: readonly SqlFile[]): readonly (readonly SqlFile[])[] {
  const groups: SqlFile[][] = [[]];
  for (const file of files) {
    const together = groups.at(-1)!;
    const joins = file.execution.inTransaction && together.every(({ execution }) => execution.inTransaction);
    if (joins) together.push(file);
    else groups.push([file]);
  }
  return groups;
}

interface Group {
  readonly group: readonly SqlFile[];
  readonly steps: readonly DeployStep[];
  readonly done: Done;
}

async function applyGroup(target: ApplyTarget, { group, steps, done }: Group): Promise<void> {
  const rolledBack = done.steps.length + done.files.length === 0;
  const [alone] = group;
  if (alone !== undefined && !alone.execution.inTransaction) {
    await applyAlone(target, alone);
    done.files.push(alone);
    return;
  }
  if (steps.length + group.length === 0) return;
  const ran = await withTransaction(target.client, async () => {
    const ran = await runSteps(target, steps, { rolledBack, refused: done.refused });
    for (const file of group) await runFile(target, file, rolledBack);
    return ran;
  }).catch((error: unknown) => {
    throw toDeployError(error, { url: target.url, rolledBack });
  });
  done.steps.push(...ran);
  done.files.push(...group);
}

interface Refusals {
  readonly rolledBack: boolean;
  readonly refused: DeployError[];
}

/** Runs every step to learn of all refusals at once, then stops at one that matters. */
async function runSteps({ client, url, logger }: ApplyTarget, steps: readonly DeployStep[], { rolledBack, refused }: Refusals): Promise<DeployStep[]> {
  const ran: DeployStep[] = [];
  let ending: DeployError | undefined;
  const isRefused = (extension: string): boolean => refused.some(({ failure }) => failure.extension === extension);
  for (const step of steps) {
    if (isRefused(step.extension)) continue;
    await client.query("SAVEPOINT step");
    try {
      await client.query(step.sql);
      await client.query("RELEASE SAVEPOINT step");
      ran.push(step);
      logger.info(`${step.sql} (${step.reason})`);
    } catch (cause) {
      const error = toDeployError(cause, { url, step, rolledBack });
      if (!(error instanceof DeployError) || error.code === "connection") throw error;
      // What fails after the refusal that ends the run may fail because of it.
      if (error.code !== "permission" && ending === undefined) throw error;
      await client.query("ROLLBACK TO SAVEPOINT step");
      if (error.code !== "permission") continue;
      refused.push(error);
      if (step.required) ending ??= error;
    }
  }
  if (ending !== undefined) throw ending;
  return ran;
}

/** The session as it was at login, so that no role or setting of a file reaches the next one. */
const forgetSession = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; DEALLOCATE ALL";

async function runFile({ client, url, logger }: ApplyTarget, file: SqlFile, rolledBack: boolean): Promise<void> {
  try {
    await sendSql(client, file.sql, file.execution.statements);
    await client.query(forgetSession);
  } catch (error) {
    throw toDeployError(error, { url, file, rolledBack });
  }
  logger.info(`Ran ${file.file}.`);
}

async function applyAlone({ client, url, logger }: ApplyTarget, file: SqlFile): Promise<void> {
  try {
    for (const statement of file.execution.statements) await sendSql(client, file.sql, [statement]);
    await client.query(forgetSession);
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {
      // The file's error is the one to report, and a lost session is rolled back by the server.
    });
    throw toDeployError(error, { url, file, rolledBack: false });
  }
  logger.info(`Ran ${file.file} outside a transaction.`);
}
