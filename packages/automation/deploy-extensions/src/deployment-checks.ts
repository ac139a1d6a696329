import { checkResult, fail, pass, skipped, warn, type CheckResult, type Finding, type RunContext } from "@org/script";
import { extensionFinding } from "./assess.ts";
import type { DeployError } from "./deploy-error.ts";
import type { DeployRun } from "./deploy-extensions.ts";
import type { ExtensionState } from "./extension-state.ts";
import type { WantedExtension } from "./manifest.ts";
import type { BlockedExtension, DeployStep } from "./plan.ts";

type Mode = Pick<RunContext<unknown>, "dryRun">;

/** One check for each extension and one for the files, from what the catalog says after the run. */
export function deploymentChecks(run: DeployRun, mode: Mode): CheckResult[] {
  const { manifest, files, after, applied } = run;
  const failedElsewhere = applied?.error !== undefined && applied.error.failure.extension === null;
  return [
    checkResult({ id: "extensions.manifest", title: "The manifest names extensions" }, manifestFinding(manifest, after)),
    ...manifest.map((wanted) => checkResult(extensionCheck(wanted), deployedFinding(wanted, run, mode))),
    ...(files.length === 0 && !failedElsewhere ? [] : [checkResult({ id: "files.applied", title: "The SQL files are applied" }, filesFinding(run, mode))]),
  ];
}

/** The id and title under which deployment and verification speak of one extension. */
export function extensionCheck({ name }: WantedExtension): { readonly id: string; readonly title: string } {
  return { id: `extension.${name}`, title: `${name} is as the manifest wants it` };
}

/** A platform without a manifest may well be right, so that an empty one is a warning. */
export function manifestFinding(manifest: readonly WantedExtension[], { extensions }: ExtensionState): Finding {
  const installed = [...extensions.values()].filter((facts) => facts.installed !== null).length;
  const figures = { value: manifest.length, unit: "count" };
  if (manifest.length > 0) return pass(`${manifest.length} in the manifest, ${installed} installed in the database`, figures);
  return warn(`the manifest is empty; ${installed} installed in the database`, 'List what the platform needs under "extensions" in platform.config.', figures);
}

function deployedFinding(wanted: WantedExtension, run: DeployRun, { dryRun }: Mode): Finding {
  const { plan, applied, after } = run;
  const blocked = plan.blocked.find(({ name }) => name === wanted.name);
  if (blocked !== undefined) return blockedFinding(blocked);
  if (applied?.error?.failure.extension === wanted.name) return refusalFinding(applied.error);
  const refusal = applied?.refused.find(({ failure }) => failure.extension === wanted.name);
  if (refusal !== undefined) return wanted.required ? refusalFinding(refusal) : warn(`${refusal.message}; it is optional and was left out`, refusal.hint ?? "");
  const steps = plan.steps.filter(({ extension }) => extension === wanted.name);
  if (steps.every((step) => applied?.steps.includes(step))) return extensionFinding(wanted, after);
  if (dryRun) return plannedFinding(steps);
  return skipped(`not deployed, because the run stopped: ${steps.map(({ sql }) => sql).join(" ")}`);
}

function blockedFinding({ required, shortcomings }: BlockedExtension): Finding {
  const evidence = shortcomings.map(({ evidence: text }) => text).join("; ");
  const remedy = shortcomings.map(({ remedy: text }) => text).join(" ");
  if (!required) return warn(`${evidence}; it is optional and was left out`, remedy);
  const code = shortcomings.map((shortcoming) => shortcoming.code).find((found) => found !== undefined);
  return fail(evidence, remedy, code === undefined ? {} : { code });
}

function refusalFinding({ message, hint = "", code }: DeployError): Finding {
  return fail(message, hint, code === "checkFailed" ? {} : { code });
}

function plannedFinding(steps: readonly DeployStep[]): Finding {
  const lacks = steps.flatMap((step) => step.lacks ?? []);
  const remedy = [...new Set(lacks.map((right) => right.remedy))].join(" ");
  if (lacks.length > 0 && lacks.every(({ kind }) => kind === "superuser")) {
    return warn("dry run: it needs a superuser, and this role is none; some hosts let it all the same", remedy);
  }
  if (lacks.length > 0 && steps.some(({ required }) => required)) return fail("dry run: this role may not deploy it", remedy, { code: "permission" });
  if (lacks.length > 0) return warn("dry run: this role may not deploy it; it is optional", remedy);
  return skipped(`dry run: ${steps.length} ${steps.length === 1 ? "statement" : "statements"} would run`);
}

function filesFinding({ files, applied }: DeployRun, { dryRun }: Mode): Finding {
  const figures = { value: applied?.files.length ?? 0, unit: "count" };
  if (dryRun) return skipped(`dry run: ${files.length} files would run`);
  const [summary] = applied?.error?.message.split("\n") ?? [];
  if (applied?.error !== undefined && applied.error.failure.extension === null) {
    const { code, hint = "", failure } = applied.error;
    const kept = failure.rolledBack ? "everything was rolled back" : `${applied.files.length} of ${files.length} files stay applied`;
    return fail(`${summary}; ${kept}`, hint, { ...figures, ...(code === "checkFailed" ? {} : { code }) });
  }
  if (applied === undefined || applied.error !== undefined) return skipped("not run, because the extensions are not deployed");
  const outside = files.filter(({ execution }) => !execution.inTransaction).map(({ file }) => file);
  return pass(`${files.length} files ran${outside.length === 0 ? " in one transaction" : `; outside a transaction: ${outside.join(", ")}`}`, figures);
}
