import type { Fact } from "@org/postgres/schema";
import { phases, type Change, type Renderer } from "../renderer.ts";
import { statements, type Written } from "../statement.ts";

export const dictionaries: Renderer = {
  phase: phases.textSearch,
  reference: ({ name }) => `TEXT SEARCH DICTIONARY ${name}`,
  create: ({ name, properties: { template, options } }) =>
    statements(`CREATE TEXT SEARCH DICTIONARY ${name} (TEMPLATE = ${template}${options === undefined ? "" : `, ${options}`})`),
  alter: changeOptions,
};

/** An option without a value goes back to its default. */
function changeOptions({ property, from, to, fact }: Change): Written {
  if (property !== "options") return "remake";
  const gone = [...optionNames(from)].filter((name) => !optionNames(to).has(name));
  const items = [...gone, ...(to === null ? [] : [to])];
  return items.length === 0 ? [] : statements(`ALTER TEXT SEARCH DICTIONARY ${fact.name} (${items.join(", ")})`);
}

function optionNames(options: string | null): ReadonlySet<string> {
  return new Set([...(options ?? "").matchAll(/("(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_]*) = (?:E?'(?:[^']|'')*'|[^,]*)/gu)].map(([, name = ""]) => name));
}

export const configurations: Renderer = {
  phase: phases.textSearch + 1,
  reference: ({ name }) => `TEXT SEARCH CONFIGURATION ${name}`,
  create: (fact) => statements(`CREATE TEXT SEARCH CONFIGURATION ${fact.name} (PARSER = ${fact.properties["parser"]})`, ...mapping(fact, null, fact.properties["mappings"] ?? null)),
  alter: ({ property, from, to, fact }) => (property === "mappings" ? statements(...mapping(fact, from, to)) : "remake"),
};

export const parsers: Renderer = {
  phase: phases.textSearch - 2,
  reference: ({ name }) => `TEXT SEARCH PARSER ${name}`,
  create: ({ name, properties }) => statements(`CREATE TEXT SEARCH PARSER ${name} (${clauses({ START: properties["start"], GETTOKEN: properties["token"], END: properties["end"], HEADLINE: properties["headline"], LEXTYPES: properties["token types"] })})`),
};

export const templates: Renderer = {
  phase: phases.textSearch - 1,
  reference: ({ name }) => `TEXT SEARCH TEMPLATE ${name}`,
  create: ({ name, properties }) => statements(`CREATE TEXT SEARCH TEMPLATE ${name} (${clauses({ INIT: properties["init"], LEXIZE: properties["lexize"] })})`),
};

function clauses(parts: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(parts).flatMap(([word, value]) => (value === undefined ? [] : [`${word} = ${value}`])).join(", ");
}

function mapping({ name }: Fact, from: string | null, to: string | null): readonly string[] {
  const [before, after] = [dictionariesByToken(from), dictionariesByToken(to)];
  const alter = `ALTER TEXT SEARCH CONFIGURATION ${name}`;
  const gone = [...before.keys()].filter((token) => !after.has(token)).map((token) => `${alter} DROP MAPPING FOR ${token}`);
  const changed = [...after].filter(([token, list]) => before.get(token) !== list).map(([token, list]) => `${alter} ${before.has(token) ? "ALTER" : "ADD"} MAPPING FOR ${token} WITH ${list}`);
  return [...gone, ...changed];
}

/** Told as `word:shop.stem, word:simple`: the dictionaries of each token in their order. */
function dictionariesByToken(mappings: string | null): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of (mappings ?? "").split(", ").filter((text) => text !== "")) {
    const [token, dictionary] = [item.slice(0, item.indexOf(":")), item.slice(item.indexOf(":") + 1)];
    found.set(token, found.has(token) ? `${found.get(token)}, ${dictionary}` : dictionary);
  }
  return found;
}
