/** The parts of a file that holds both ways, between `-- migrate:up` and `-- migrate:down`. */
export interface Sections {
  readonly up: string;
  readonly down: string | undefined;
}

const mark = /^[ \t]*--[ \t]*migrate:(up|down)\b([^\r\n]*)/gmu;

export function hasSections(sql: string): boolean {
  return sql.search(mark) !== -1;
}

/**
 * Each part as a text in which the lines keep their numbers: what is not of the part is blank. Returns a problem where the marks are not
 * one `up` and then at most one `down`.
 */
export function splitSections(sql: string): Sections | string {
  const marks = [...sql.matchAll(mark)];
  const ways = marks.map(([, way]) => way).join(" ");
  if (ways === "") return 'it has no line "-- migrate:up"';
  if (ways !== "up" && ways !== "up down") return `its marks are "${ways}" where "up" or "up down" belongs`;
  const [up, down] = marks as [RegExpExecArray, RegExpExecArray | undefined];
  return { up: part(sql, up, down?.index), down: down && part(sql, down, undefined) };
}

function part(sql: string, { index, 0: line, 2: settings = "" }: RegExpExecArray, end: number | undefined): string {
  const before = "\n".repeat(sql.slice(0, index).split("\n").length - 1);
  const head = /\btransaction:\s*false\b/u.test(settings) ? "-- no-transaction" : "";
  return before + head + sql.slice(index + line.length, end);
}
