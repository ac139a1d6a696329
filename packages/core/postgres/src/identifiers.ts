/** A name as SQL writes it, whatever it contains. Throws on an empty name and on NUL, which no name can hold. */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new RangeError("an SQL name cannot be empty");
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** A text as an SQL constant, whatever it contains and however the server reads backslashes. Throws on NUL. */
export function quoteLiteral(text: string): string {
  const doubled = withoutNul(text).replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function withoutNul(text: string): string {
  if (text.includes("\0")) throw new RangeError("SQL text cannot contain a NUL character");
  return text;
}
