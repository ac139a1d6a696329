import type { Kind } from "../model.ts";
import type { Access } from "./access.ts";

/**
 * One kind of object. `sql` gives a row for each: `name`, perhaps `parent`, `owner`, `acl` (the privileges in force, as
 * Postgres writes them) and `kind` (where one query reads several), and every other column is a property of that name and a text.
 * `unread` names the properties that this session has no right to see. It may use what `common` in snapshot-query.ts prepares: `ns` (the schemas looked at), `rel` (their relations) and `owned` (what extensions own).
 */
export interface Family {
  readonly kind: Kind;
  /** What its rows come from, after FROM: where that is empty, there are none, and nothing is asked. Undefined where there is always something. */
  readonly source?: string;
  readonly sql: string | ((access: Access) => string);
}

/** The condition that no extension owns the object. */
export function notOfExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM owned WHERE owned.classid = '${catalog}'::regclass AND owned.objid = ${oid})`;
}

/** The object's comment and security label. */
export function described(catalog: string, oid: string): string {
  return `${comment(catalog, oid)} AS comment, ${label(catalog, oid)}`;
}

/** Joins the object's comment as `note.description`: where there are many objects, one pass over the comments is cheaper than a look-up for each. */
export function joinNote(catalog: string, oid: string): string {
  return `LEFT JOIN pg_description note ON note.classoid = '${catalog}'::regclass AND note.objoid = ${oid} AND note.objsubid = 0`;
}

/** The object's security label; where no object has one, none is looked for. */
export function label(catalog: string, oid: string): string {
  return `CASE WHEN EXISTS (SELECT FROM pg_seclabel) THEN (SELECT string_agg(provider || ': ' || label, ', ' ORDER BY provider) FROM pg_seclabel
        WHERE classoid = '${catalog}'::regclass AND objoid = ${oid} AND objsubid = 0) END AS "security label"`;
}

export function comment(catalog: string, oid: string): string {
  return `(SELECT description FROM pg_description WHERE classoid = '${catalog}'::regclass AND objoid = ${oid} AND objsubid = 0)`;
}

/** Name and value lists, such as reloptions, in an order that does not depend on how they were set; an item that would not read as one is quoted. */
export function sorted(array: string): string {
  // Most objects have no list, and a subquery for each of them would be the dearest part of the pass.
  return `CASE WHEN ${array} IS NOT NULL THEN (SELECT string_agg(${listItem("item")}, ', ' ORDER BY item) FROM unnest(${array}) AS item) END`;
}

/** An item of a list that is told in one line. */
export function listItem(item: string): string {
  return `CASE WHEN ${item} ~ '[,'']' THEN '''' || replace(${item}, '''', '''''') || '''' ELSE ${item} END`;
}

/** Words for the one-letter codes of the catalogs; a code that is not named here stays as it is. */
export function words(code: string, meanings: Readonly<Record<string, string>>): string {
  const cases = Object.entries(meanings).map(([letter, word]) => `WHEN '${letter}' THEN '${word}'`);
  return `CASE ${code} ${cases.join(" ")} ELSE ${code}::text END`;
}
