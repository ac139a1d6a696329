import type { Difference, Fact, Kind, Severity } from "./model.ts";

export interface Changed extends Pick<Difference, "kind" | "change" | "property"> {
  readonly expected?: Fact;
  readonly found?: Fact;
}

/** What a difference puts at risk. */
export function severityOf(difference: Changed): Severity {
  const { kind, change, property } = difference;
  if (property !== null) return propertySeverity(difference);
  if (change === "missing" && holdsData.has(kind)) return "data loss";
  return byKind[kind] ?? "behaviour";
}

const holdsData: ReadonlySet<Kind> = new Set<Kind>(["schema", "table", "column"]);

const byKind: Partial<Record<Kind, Severity>> = {
  policy: "security",
  "default privileges": "security",
  "user mapping": "security",
  membership: "security",
  parameter: "security",
  index: "performance",
  statistics: "performance",
};

const byProperty: Readonly<Record<string, Severity>> = {
  persistence: "data loss",
  owner: "security",
  "security label": "security",
  "grants on its members": "security",
  "grants on its sequence": "security",
  superuser: "security",
  "bypass row security": "security",
  admin: "security",
  "row security": "security",
  "row security forced": "security",
  "security definer": "security",
  leakproof: "security",
  "toast options": "performance",
  tablespace: "performance",
  storage: "performance",
  compression: "performance",
  "statistics target": "performance",
  "statistics targets": "performance",
  "index options": "performance",
  "index tablespace": "performance",
  target: "performance",
  clustered: "performance",
  cost: "performance",
  rows: "performance",
  parallel: "performance",
  "support function": "performance",
  comment: "cosmetic",
  "index comment": "cosmetic",
};

function propertySeverity({ kind, property, expected, found }: Changed): Severity {
  if (property === null) return "behaviour";
  if (property.startsWith("grants to ")) return "security";
  if (kind === "policy" && property !== "comment") return "security";
  if (kind === "extension" && property === "version" && isServersChoice(expected, found)) return "cosmetic";
  // security_invoker and security_barrier decide whose rights a view uses; a table's options tune it, like those of an index.
  if (property === "options" && kind === "view") return "security";
  if (property === "options" && kind !== "foreign server" && kind !== "text search dictionary") return "performance";
  if (kind === "function" && property === "settings") return "security";
  if (kind === "column" && property === "type") return "data loss";
  if (kind === "index") return property === "comment" ? "cosmetic" : "performance";
  return byProperty[property] ?? "behaviour";
}

/** Nothing asks for a version, so an older or a newer one than the server would install today is as good. */
function isServersChoice(expected: Fact | undefined, found: Fact | undefined): boolean {
  const version = expected?.properties["version"];
  return version !== undefined && version === expected?.properties["server's version"] && found !== undefined;
}
