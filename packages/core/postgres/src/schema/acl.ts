/** One entry of an access control list. */
export interface AclEntry {
  /** "" is PUBLIC. */
  readonly grantee: string;
  readonly grantor: string;
  readonly privileges: readonly string[];
}

/** Reads an entry as Postgres writes it: `reader=r*w/owner`, names quoted where they hold more than letters, digits and underscores. */
export function parseAclItem(item: string): AclEntry {
  const grantee = readName(item, 0);
  const letters = /^=((?:[a-zA-Z]\*?)*)\//u.exec(item.slice(grantee.end));
  if (letters === null) throw new Error(`not an access control entry: ${item}`);
  const grantor = readName(item, grantee.end + letters[0].length);
  const privileges = [...(letters[1] ?? "").matchAll(/([a-zA-Z])(\*?)/gu)].map(([, letter = "", option]) => privilegeName(letter) + (option === "*" ? " with grant option" : ""));
  return { grantee: grantee.name, grantor: grantor.name, privileges: privileges.sort() };
}

const privilegeNames: Readonly<Record<string, string>> = {
  r: "SELECT",
  a: "INSERT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
  c: "CONNECT",
  T: "TEMPORARY",
  s: "SET",
  A: "ALTER SYSTEM",
};

function privilegeName(letter: string): string {
  return privilegeNames[letter] ?? letter;
}

function readName(item: string, start: number): { readonly name: string; readonly end: number } {
  const rest = item.slice(start);
  const [written = ""] = /^"(?:[^"]|"")*"|^[^=/]*/u.exec(rest) ?? [];
  const name = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
  return { name, end: start + written.length };
}
