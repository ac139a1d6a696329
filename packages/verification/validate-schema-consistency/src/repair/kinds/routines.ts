import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import { optionsOf, type Fact } from "@org/postgres/schema";
import { dollarQuote } from "../dollar-quote.ts";
import { isSqlBody } from "../mentions.ts";
import { withoutArguments } from "../names.ts";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { statements, type Written } from "../statement.ts";

export const functions: Renderer = {
  phase: phases.routine,
  reference: ({ name }) => `FUNCTION ${name}`,
  create: (fact) => statements(createRoutine("CREATE", fact)),
  alter: replace,
};

export const procedures: Renderer = { ...functions, reference: ({ name }) => `PROCEDURE ${name}` };

export const aggregates: Renderer = {
  phase: phases.routine,
  reference: aggregateReference,
  grantable: ({ name }) => `FUNCTION ${name}`,
  create: (fact) => statements(createAggregate(fact)),
};

/** Other arguments or another result need another function; everything else is replaced in place, so that nothing that uses it notices. */
function replace({ property, fact }: Change): Written {
  const isAnother = ["arguments", "result", "window", "kind"].includes(property);
  return isAnother ? "remake" : statements(createRoutine("CREATE OR REPLACE", fact));
}

function createRoutine(verb: string, { kind, name, properties }: Fact): string {
  const { arguments: args = "", result, language = "" } = properties;
  return [
    `${verb} ${kind.toUpperCase()} ${withoutArguments(name)}(${args})`,
    ...(result === undefined ? [] : [`RETURNS ${result}`]),
    `LANGUAGE ${quoteIdentifier(language)}${traits(kind, properties)}`,
    ...(properties["transforms"] === undefined ? [] : [`TRANSFORM ${properties["transforms"].split(", ").map((type) => `FOR TYPE ${type}`).join(", ")}`]),
    ...[...optionsOf(properties["settings"])].map(([setting, value]) => `SET ${setting} TO ${settingValue(setting, value)}`),
    bodyOf(properties),
  ].join("\n");
}

function traits(kind: string, properties: Fact["properties"]): string {
  const { window, volatility = "volatile", strict, "security definer": definer, leakproof, parallel = "unsafe", cost, rows, "support function": support } = properties;
  const security = definer === "true" ? ["SECURITY DEFINER"] : [];
  if (kind === "procedure") return [" ", ...security].join(" ").trimEnd();
  const words = [
    ...(window === "true" ? ["WINDOW"] : []),
    volatility.toUpperCase(),
    ...(strict === "true" ? ["STRICT"] : []),
    ...security,
    ...(leakproof === "true" ? ["LEAKPROOF"] : []),
    `PARALLEL ${parallel.toUpperCase()}`,
    ...(cost === undefined ? [] : [`COST ${cost}`]),
    ...(rows === undefined || rows === "0" ? [] : [`ROWS ${rows}`]),
    ...(support === undefined || support === "-" ? [] : [`SUPPORT ${support}`]),
  ];
  return ` ${words.join(" ")}`;
}

function bodyOf({ body = "", library, language }: Fact["properties"]): string {
  if (library !== undefined) return `AS ${quoteLiteral(library).trim()}, ${quoteLiteral(body).trim()}`;
  return language === "sql" && isSqlBody(body) ? body : `AS ${dollarQuote(body)}`;
}

/** Settings that hold a list keep it as SQL writes it; in quotes it would be one item. */
const lists: ReadonlySet<string> = new Set(["search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries", "shared_preload_libraries", "unix_socket_directories"]);

export function settingValue(setting: string, value: string): string {
  if (!lists.has(setting)) return quoteLiteral(value).trim();
  // An empty name can be stored, but not written in double quotes.
  return value === "" || value === '""' ? "''" : value;
}

/** Without arguments an aggregate takes a star; one over an ordered set names both lists. */
function aggregateReference({ name, properties }: Fact): string {
  const args = properties["arguments"] ?? "";
  return `AGGREGATE ${withoutArguments(name)}(${args === "" ? "*" : args})`;
}

function createAggregate(fact: Fact): string {
  const definition = JSON.parse(fact.properties["definition"] ?? "{}") as Readonly<Record<string, string | number | boolean>>;
  const clauses = Object.entries(aggregateWords).flatMap(([part, write]) => (definition[part] === undefined ? [] : write(String(definition[part]))));
  const parallel = fact.properties["parallel"] ?? "unsafe";
  const hypothetical = definition["form"] === "h" ? ["HYPOTHETICAL"] : [];
  return `CREATE ${aggregateReference(fact)} (${[...clauses, ...hypothetical, `PARALLEL = ${parallel.toUpperCase()}`].join(", ")})`;
}

const changesOf: Readonly<Record<string, string>> = { r: "READ_ONLY", s: "SHAREABLE", w: "READ_WRITE" };

const aggregateWords: Readonly<Record<string, (value: string) => readonly string[]>> = {
  step: (value) => [`SFUNC = ${value}`],
  state: (value) => [`STYPE = ${value}`],
  "state size": (value) => [`SSPACE = ${value}`],
  final: (value) => [`FINALFUNC = ${value}`],
  "final extra": (value) => (value === "true" ? ["FINALFUNC_EXTRA"] : []),
  "final changes": (value) => [`FINALFUNC_MODIFY = ${changesOf[value]}`],
  combine: (value) => [`COMBINEFUNC = ${value}`],
  serialize: (value) => [`SERIALFUNC = ${value}`],
  deserialize: (value) => [`DESERIALFUNC = ${value}`],
  initial: (value) => [`INITCOND = ${quoteLiteral(value).trim()}`],
  "moving step": (value) => [`MSFUNC = ${value}`],
  "moving inverse": (value) => [`MINVFUNC = ${value}`],
  "moving state": (value) => [`MSTYPE = ${value}`],
  "moving state size": (value) => [`MSSPACE = ${value}`],
  "moving final": (value) => [`MFINALFUNC = ${value}`],
  "moving final extra": (value) => (value === "true" ? ["MFINALFUNC_EXTRA"] : []),
  "moving initial": (value) => [`MINITCOND = ${quoteLiteral(value).trim()}`],
  "sort operator": (value) => [`SORTOP = OPERATOR(${operatorName(value)})`],
};

/** An operator without its arguments, with the schema that a name without one has. */
export function operatorName(value: string): string {
  const name = value.slice(0, value.lastIndexOf("("));
  return name.includes(".") ? name : `pg_catalog.${name}`;
}
