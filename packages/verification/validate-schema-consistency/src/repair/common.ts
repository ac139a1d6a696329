import { quoteIdentifier, quoteLiteral } from "@org/postgres";
import type { Fact } from "@org/postgres/schema";
import { changeGrants, grantsOfNew, isGrant, type Target } from "./grants.ts";
import { ownName, role } from "./names.ts";
import type { Change, Renderer, Situation } from "./renderer.ts";
import { find, type Side } from "./side.ts";
import { statements, type Statement, type Written } from "./statement.ts";

/** Owner, privileges and comment of a new object. */
export function dress(fact: Fact, renderer: Renderer, { before, after }: Situation): readonly Statement[] {
  const { owner, comment, "security label": labels } = fact.properties;
  return [
    ...(owner === undefined ? [] : setOwner(renderer.reference(fact, after), owner)),
    ...grantsOfNew(fact, targetOf(fact, renderer, after), before),
    ...(comment === undefined ? [] : setComment(renderer.reference(fact, after), comment)),
    ...(labels === undefined ? [] : setLabels(renderer.reference(fact, after), { from: null, to: labels })),
  ];
}

/** Changes of what all kinds may have; undefined for a property of the kind's own. */
export function alterCommon({ fact, property, from, to }: Change, renderer: Renderer, { after }: Situation): Written | undefined {
  if (property === "comment") return setComment(renderer.reference(fact, after), to);
  if (property === "security label") return setLabels(renderer.reference(fact, after), { from, to });
  // The sequence of a column has the owner of its table.
  if (property === "owner" && fact.kind === "sequence" && fact.properties["owned by"] !== undefined) return [];
  if (property === "owner" && to !== null) return setOwner(renderer.reference(fact, after), to);
  return isGrant(property) ? changeGrants(targetOf(fact, renderer, after), property, { from, to }) : undefined;
}

function setOwner(reference: string, owner: string): readonly Statement[] {
  return statements(`ALTER ${reference} OWNER TO ${role(owner)}`);
}

function setComment(reference: string, comment: string | null): readonly Statement[] {
  return statements(`COMMENT ON ${reference} IS ${comment === null ? "NULL" : quoteLiteral(comment).trim()}`);
}

/** Told as `provider: label, provider: label`. */
function setLabels(reference: string, { from, to }: { readonly from: string | null; readonly to: string | null }): readonly Statement[] {
  const [before, after] = [from, to].map((labels) => new Map((labels ?? "").split(/, (?=[\w-]+: )/u).filter((item) => item !== "").map((item) => item.split(/: (.*)/su) as [string, string]))) as [
    Map<string, string>,
    Map<string, string>,
  ];
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((provider) => before.get(provider) !== after.get(provider));
  return changed.flatMap((provider) => statements(`SECURITY LABEL FOR ${quoteIdentifier(provider)} ON ${reference} IS ${after.has(provider) ? quoteLiteral(after.get(provider)!).trim() : "NULL"}`));
}

/** What is granted on for an object; the privileges of a column are granted on its table. */
function targetOf(fact: Fact, renderer: Renderer, side: Side): Target {
  const { kind, name, parent = "", properties } = fact;
  if (kind !== "column") return { on: (renderer.grantable ?? renderer.reference)(fact, side), owner: properties["owner"] };
  const table = find(side, "table", parent) ?? find(side, "view", parent) ?? find(side, "materialized view", parent);
  return { on: `TABLE ${parent}`, owner: table?.properties["owner"], column: ownName(name) };
}
