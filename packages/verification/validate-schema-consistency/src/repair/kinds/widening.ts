/** Whether every value of one type can be held by the other. What is not known to be is taken for a loss. */
export function isWidening(from: string, to: string): boolean {
  if (from === to || isText(to)) return true;
  const [source, target] = [parse(from), parse(to)];
  if (source.name === "character varying" && target.name === "character varying") return isAtLeast(target.first, source.first);
  if (source.name === "numeric" && target.name === "numeric") return holdsNumeric(source, target);
  return source.first === undefined && target.first === undefined && (wider[source.name]?.includes(target.name) ?? false);
}

function isText(type: string): boolean {
  return type === "text" || type === "character varying";
}

interface Type {
  readonly name: string;
  readonly first: number | undefined;
  readonly second: number | undefined;
}

function parse(type: string): Type {
  const [, name = type, first, second, rest = ""] = /^(.*?)\((\d+)(?:,(\d+))?\)(.*)$/u.exec(type) ?? [];
  return { name: name + rest, first: first === undefined ? undefined : Number(first), second: second === undefined ? undefined : Number(second) };
}

function isAtLeast(target: number | undefined, source: number | undefined): boolean {
  return target === undefined || (source !== undefined && target >= source);
}

function holdsNumeric(source: Type, target: Type): boolean {
  if (target.first === undefined) return true;
  if (source.first === undefined) return false;
  const [fraction, wanted] = [source.second ?? 0, target.second ?? 0];
  return wanted >= fraction && target.first - wanted >= source.first - fraction;
}

const wider: Readonly<Record<string, readonly string[]>> = {
  smallint: ["integer", "bigint", "numeric", "real", "double precision"],
  integer: ["bigint", "numeric", "double precision"],
  bigint: ["numeric"],
  real: ["double precision"],
  date: ["timestamp without time zone", "timestamp with time zone"],
  "timestamp without time zone": ["timestamp with time zone"],
};
