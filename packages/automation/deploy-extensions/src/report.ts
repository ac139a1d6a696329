import type { Report } from "@org/script";
import type { DeployedExtension, Deployment } from "./deployment.ts";

/** What a reader wants to know: in a dry run the SQL, as psql would run it; else what became of extensions and files. */
export function renderDeployment({ data }: Report<Deployment>): string {
  if (data === null) return "";
  return data.action === "dry-run" ? renderPlan(data) : renderOutcome(data);
}

function renderPlan({ statements, files }: Deployment): string {
  if (statements.length + files.length === 0) return "-- nothing to do";
  return [
    ...statements.map(({ sql, reason }) => `${sql} -- ${reason}`),
    ...files.map(({ file, inTransaction }) => `\\i ${includePath(file)}${inTransaction ? "" : " -- outside a transaction"}`),
  ].join("\n");
}

function includePath(file: string): string {
  return /^[\w./-]+$/u.test(file) ? file : `'${file.replaceAll("'", "''")}'`;
}

function renderOutcome({ extensions, statements, files, failure }: Deployment): string {
  const unchanged = statements.length === 0 && failure === null;
  return [
    ...extensions.map(renderExtension),
    ...(unchanged && extensions.length > 0 ? ["every extension was as it should be; nothing was changed"] : []),
    ...files.map(({ file, done, statements: count }) => `${(done ? "ran" : "not run").padEnd(9)} ${file}  (${count} statements)`),
    ...(failure?.excerpt ? ["", `${failure.file}:${failure.line}:${failure.column}: ${failure.message}`, failure.excerpt] : []),
  ].join("\n");
}

function renderExtension({ name, versionBefore, version, schema }: DeployedExtension): string {
  const word = version === null ? "absent" : versionBefore === null ? "installed" : versionBefore === version ? "present" : "updated";
  const facts = [versionBefore !== null && versionBefore !== version ? `${versionBefore} ->` : undefined, version, schema === null ? undefined : `in ${schema}`];
  return `${word.padEnd(9)} ${name} ${facts.filter((fact) => fact !== undefined && fact !== null).join(" ")}`.trimEnd();
}
