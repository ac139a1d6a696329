import type { RunContext } from "@org/script";
import type { DeployFailure } from "./deploy-error.ts";
import type { DeployRun } from "./deploy-extensions.ts";

/** What deploy-extensions reports. */
export interface Deployment {
  /** `dry-run` changed nothing. */
  readonly action: "deploy" | "dry-run";
  readonly database: string;
  readonly extensions: readonly DeployedExtension[];
  /** The statements of the plan, in order. */
  readonly statements: readonly PlannedStatement[];
  readonly files: readonly DeployedFile[];
  /** Why this run stopped; null when it did not. */
  readonly failure: DeployFailure | null;
}

export interface DeployedExtension {
  readonly name: string;
  /** The range of the manifest. */
  readonly wanted: string | null;
  readonly required: boolean;
  /** What the server would install. */
  readonly available: string | null;
  readonly versionBefore: string | null;
  readonly version: string | null;
  readonly schema: string | null;
}

export interface PlannedStatement {
  readonly sql: string;
  readonly reason: string;
  readonly extension: string;
  /** Whether it ran and stays. */
  readonly done: boolean;
}

export interface DeployedFile {
  readonly file: string;
  readonly statements: number;
  /** Whether it runs in one transaction with its neighbours. */
  readonly inTransaction: boolean;
  /** Whether it ran and stays. */
  readonly done: boolean;
}

export function toDeployment({ manifest, files, before, plan, applied, after }: DeployRun, { dryRun }: Pick<RunContext<unknown>, "dryRun">): Deployment {
  return {
    action: dryRun ? "dry-run" : "deploy",
    database: before.database,
    extensions: manifest.map(({ name, range, required }) => ({
      name,
      wanted: range?.text ?? null,
      required,
      available: after.extensions.get(name)?.defaultVersion ?? null,
      versionBefore: before.extensions.get(name)?.installed?.version ?? null,
      version: after.extensions.get(name)?.installed?.version ?? null,
      schema: after.extensions.get(name)?.installed?.schema ?? null,
    })),
    statements: plan.steps.map((step) => ({ sql: step.sql, reason: step.reason, extension: step.extension, done: applied?.steps.includes(step) ?? false })),
    files: files.map((file) => ({
      file: file.file,
      statements: file.execution.statements.length,
      inTransaction: file.execution.inTransaction,
      done: applied?.files.includes(file) ?? false,
    })),
    failure: applied?.error?.failure ?? null,
  };
}
