import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import { assessExtension, targetVersion, type Shortcoming } from "./assess.ts";
import type { AvailableVersion, ExtensionFacts, ExtensionState } from "./extension-state.ts";
import type { WantedExtension } from "./manifest.ts";

/** One statement of the plan. */
export interface DeployStep {
  readonly sql: string;
  readonly reason: string;
  /** The extension of the manifest that it is for. */
  readonly extension: string;
  readonly required: boolean;
  /** What the role seems to lack for it. */
  readonly lacks: LackingRight | null;
}

export interface LackingRight {
  /** `superuser` is a guess: some hosts let other roles install extensions too. */
  readonly kind: "create" | "superuser" | "owner";
  /** What an administrator runs, to give the right or in place of this run. */
  readonly remedy: string;
}

/** An extension that no statement of this run can bring about. */
export interface BlockedExtension {
  readonly name: string;
  readonly required: boolean;
  readonly shortcomings: readonly Shortcoming[];
}

export interface ExtensionPlan {
  readonly steps: readonly DeployStep[];
  readonly blocked: readonly BlockedExtension[];
}

/** Plans what brings the manifest about: schemas first, and every extension after those that it requires. Changes nothing. */
export function planExtensions(manifest: readonly WantedExtension[], state: ExtensionState): ExtensionPlan {
  const planning: Planning = { manifest, state, steps: [], blocked: [], seen: new Map(), schemas: new Set(state.schemas) };
  for (const wanted of manifest) visit(wanted, { extension: wanted.name, required: wanted.required }, planning);
  return { steps: planning.steps, blocked: planning.blocked };
}

interface Planning {
  readonly manifest: readonly WantedExtension[];
  readonly state: ExtensionState;
  readonly steps: DeployStep[];
  readonly blocked: BlockedExtension[];
  /** The extensions that were visited, and whether they can be brought about. */
  readonly seen: Map<string, boolean>;
  /** Those that are there, and those that a step makes. */
  readonly schemas: Set<string>;
}

type Purpose = Pick<DeployStep, "extension" | "required">;

function visit(wanted: WantedExtension, purpose: Purpose, planning: Planning): boolean {
  const known = planning.seen.get(wanted.name);
  if (known !== undefined) return known;
  // An extension that requires itself over others cannot be; the server says so.
  planning.seen.set(wanted.name, true);
  const shortcomings = assessExtension(wanted, planning.state);
  const blockers = shortcomings.filter(({ deployable }) => !deployable);
  if (blockers.length === 0 && shortcomings.length > 0) blockers.push(...planRequirements(wanted, purpose, planning));
  planning.seen.set(wanted.name, blockers.length === 0);
  if (blockers.length > 0) planning.blocked.push({ name: wanted.name, required: purpose.required, shortcomings: blockers });
  else for (const { kind } of shortcomings) addSteps(kind, wanted, { purpose, planning });
  return blockers.length === 0;
}

/** Plans what the extension requires, and gives what cannot be had of it. */
function planRequirements(wanted: WantedExtension, purpose: Purpose, planning: Planning): Shortcoming[] {
  const names = versionOf(wanted, planning.state)?.requires ?? [];
  return names.filter((name) => !planRequirement(name, wanted, { purpose, planning })).map(
    (name): Shortcoming => ({
      kind: "unavailable",
      evidence: `requires ${name}, which cannot be deployed`,
      remedy: `See to ${name} first.`,
      deployable: false,
      code: "dependency",
    }),
  );
}

function planRequirement(name: string, { schema }: WantedExtension, { purpose, planning }: Origin): boolean {
  const listed = planning.manifest.find((wanted) => wanted.name === name);
  if (listed !== undefined) return visit(listed, { extension: name, required: listed.required }, planning);
  const facts = planning.state.extensions.get(name);
  if (facts?.installed) return true;
  const fixed = facts?.versions.find(({ version }) => version === facts.defaultVersion)?.schema;
  return visit({ name, range: undefined, schema: fixed ?? schema, required: purpose.required, preload: undefined }, purpose, planning);
}

function versionOf(wanted: WantedExtension, state: ExtensionState): AvailableVersion | undefined {
  const facts = state.extensions.get(wanted.name)!;
  const target = targetVersion(wanted, facts);
  return facts.versions.find(({ version }) => version === target);
}

interface Origin {
  readonly purpose: Purpose;
  readonly planning: Planning;
}

function addSteps(kind: Shortcoming["kind"], wanted: WantedExtension, origin: Origin): void {
  const { state, steps } = origin.planning;
  const facts = state.extensions.get(wanted.name)!;
  if (kind === "missing") {
    if (wanted.schema !== undefined) addSchema(wanted.schema, origin);
    steps.push(createStep(wanted, facts, origin));
  }
  if (kind === "outdated" || kind === "newer-available") {
    const target = quoteLiteral(targetVersion(wanted, facts)!);
    steps.push({ ...alterStep(facts, `UPDATE TO ${target}`, origin), reason: `version ${facts.installed?.version} is installed` });
  }
  if (kind === "wrong-schema" && wanted.schema !== undefined) {
    addSchema(wanted.schema, origin);
    steps.push({ ...alterStep(facts, `SET SCHEMA ${quoteIdentifier(wanted.schema)}`, origin), reason: `it is in schema ${facts.installed?.schema}` });
  }
}

function alterStep({ name, installed }: ExtensionFacts, change: string, { purpose, planning }: Origin): Omit<DeployStep, "reason"> {
  const sql = `ALTER EXTENSION ${quoteIdentifier(name)} ${change};`;
  const mayAlter = installed?.owned === true || planning.state.isSuperuser;
  return { ...purpose, sql, lacks: mayAlter ? null : { kind: "owner", remedy: runByAdministrator(sql) } };
}

function addSchema(schema: string, { purpose, planning }: Origin): void {
  const { state, steps, schemas } = planning;
  if (schemas.has(schema)) return;
  schemas.add(schema);
  const [create, grant] = schemaStatements(schema);
  steps.push({ ...purpose, sql: create, reason: "the schema does not exist", lacks: lacksCreate(state) });
  steps.push({ ...purpose, sql: grant, reason: "every role may look up what extensions provide", lacks: null });
}

function schemaStatements(schema: string): readonly [create: string, grant: string] {
  const name = quoteIdentifier(schema);
  return [`CREATE SCHEMA IF NOT EXISTS ${name};`, `GRANT USAGE ON SCHEMA ${name} TO PUBLIC;`];
}

function createStep(wanted: WantedExtension, facts: ExtensionFacts, { purpose, planning }: Origin): DeployStep {
  const { state } = planning;
  const version = versionOf(wanted, state)!;
  const options = [
    ...(wanted.schema === undefined ? [] : [`SCHEMA ${quoteIdentifier(wanted.schema)}`]),
    ...(version.version === facts.defaultVersion ? [] : [`VERSION ${quoteLiteral(version.version).trimStart()}`]),
  ];
  const sql = `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(wanted.name)}${options.length === 0 ? "" : ` WITH ${options.join(" ")}`};`;
  const made = wanted.schema !== undefined && !state.schemas.has(wanted.schema) ? schemaStatements(wanted.schema).join(" ") : "";
  const reason = wanted.name === purpose.extension ? "it is not installed" : `${purpose.extension} requires it`;
  return { ...purpose, sql, reason: `${reason}; ${whoMay(version)}`, lacks: lacksForCreate(version, `${made} ${sql}`.trim(), state) };
}

function whoMay({ superuser, trusted }: AvailableVersion): string {
  if (!superuser) return "every role that may create in the database may install it";
  return trusted ? "trusted: every role that may create in the database may install it" : "a superuser must install it";
}

function lacksForCreate({ superuser, trusted }: AvailableVersion, sql: string, state: ExtensionState): LackingRight | null {
  if (state.isSuperuser) return null;
  if (superuser && !trusted) return { kind: "superuser", remedy: runByAdministrator(sql) };
  return lacksCreate(state);
}

function lacksCreate({ isSuperuser, mayCreate, database, role }: ExtensionState): LackingRight | null {
  if (isSuperuser || mayCreate) return null;
  return { kind: "create", remedy: runByAdministrator(`GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(role)};`) };
}

function runByAdministrator(sql: string): string {
  return `Let an administrator run: ${sql}`;
}
