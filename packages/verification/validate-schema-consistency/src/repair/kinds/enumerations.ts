import { quoteLiteral } from "@org/postgres";
import { phases, type Change } from "../renderer.ts";
import { cannot, type Statement, type Written } from "../statement.ts";

/** Values can be added where they belong and given another name; none can be taken away or moved. */
export function changeLabels({ from, to, fact }: Change): Written {
  const [before, after] = [labelsOf(from), labelsOf(to)];
  const gone = before.filter((label) => !after.includes(label));
  if (gone.length > 0) return rename(fact.name, { before, after });
  const kept = after.filter((label) => before.includes(label));
  if (kept.join("\0") !== before.join("\0")) return cannot(`PostgreSQL cannot change the order of the values of ${fact.name}`);
  return added(fact.name, { before, after });
}

interface Labels {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

function labelsOf(labels: string | null): readonly string[] {
  return [...(labels ?? "").matchAll(/'((?:[^']|'')*)'/gu)].map(([, label = ""]) => label.replaceAll("''", "'"));
}

/** Where as many values stand in the same places, those with an unknown name are the old ones under another. */
function rename(name: string, { before, after }: Labels): Written {
  const pairs = before.map((label, place) => [label, after[place]] as const).filter(([label, other]) => label !== other);
  const isRenaming = before.length === after.length && pairs.every(([label, other]) => other !== undefined && !after.includes(label) && !before.includes(other));
  if (!isRenaming) return cannot(`PostgreSQL cannot take a value out of ${name}; rows, defaults and functions may hold ${before.filter((label) => !after.includes(label)).join(", ")}`);
  return pairs.map(([label, other = ""]): Statement => ({ sql: `ALTER TYPE ${name} RENAME VALUE ${literal(label)} TO ${literal(other)}`, phase: phases.type }));
}

function added(name: string, { before, after }: Labels): readonly Statement[] {
  const present = new Set(before);
  return after.flatMap((label, place): Statement[] => {
    if (present.has(label)) return [];
    const previous = after[place - 1];
    const next = after[place + 1];
    present.add(label);
    const where = previous !== undefined ? ` AFTER ${literal(previous)}` : next === undefined ? "" : ` BEFORE ${literal(next)}`;
    return [{ sql: `ALTER TYPE ${name} ADD VALUE ${literal(label)}${where}` }];
  });
}

function literal(label: string): string {
  return quoteLiteral(label).trim();
}
