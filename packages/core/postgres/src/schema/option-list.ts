/** The items of a list that a fact tells in one line; items that would not read as one stand in quotes there. */
export function listItems(list: string | null | undefined): readonly string[] {
  const items = (list ?? "").matchAll(/(?<=^|, )(?:'((?:[^']|'')*)'|([^,]+))/gu);
  return [...items].map(([, quoted, plain = ""]) => quoted?.replaceAll("''", "'") ?? plain);
}

/** Name and value of each item of a list such as `fillfactor=90, autovacuum_enabled=false`. */
export function optionsOf(list: string | null | undefined): ReadonlyMap<string, string> {
  return new Map(
    listItems(list).map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

/** Whether two such lists of parameters, as Postgres reads them, set the same. */
export function isSameOptions(before: string, after: string): boolean {
  const [one, other] = [optionsOf(before), optionsOf(after)];
  return one.size === other.size && [...one].every(([name, value]) => other.has(name) && isSameParameter(name, value, other.get(name)!));
}

/** Whether a parameter has the same value, written in another way: `on` and `true`, `0.50` and `0.5`, `60s` and `1min`. */
export function isSameParameter(name: string, before: string, after: string): boolean {
  if (before === after) return true;
  const [one, other] = [valueOf(name, before), valueOf(name, after)];
  return one !== undefined && one === other;
}

function valueOf(name: string, written: string): string | undefined {
  const word = written.toLowerCase();
  const [, number, unit] = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(us|ms|s|min|h|d|b|kb|mb|gb|tb)?$/u.exec(word) ?? [];
  if (number === undefined) return yes.has(word) ? "1" : no.has(word) ? "0" : undefined;
  return String(Number(number) * (units[unit ?? ownUnit(name)] ?? 1)) + (dimension(unit ?? ownUnit(name)) ?? "");
}

const yes: ReadonlySet<string> = new Set(["on", "true", "yes"]);
const no: ReadonlySet<string> = new Set(["off", "false", "no"]);

const times: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };
const units: Readonly<Record<string, number>> = { ...times, ...sizes };

function dimension(unit: string): string | undefined {
  return unit in times ? " ms" : unit in sizes ? " bytes" : undefined;
}

/** What a number without a unit counts. */
function ownUnit(name: string): string {
  return name.endsWith("_timeout") ? "ms" : name.endsWith("work_mem") ? "kb" : "";
}
