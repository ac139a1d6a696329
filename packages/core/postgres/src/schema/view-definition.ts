/**
 * A view's definition without the relation's name before its columns, where the query reads from one relation only: servers before version 16 print it,
 * later ones do not. Subqueries and joins keep it in all versions.
 */
export function withoutNeedlessPrefix(definition: string): string {
  const tokens = definition.match(token) ?? [];
  const depths = depthsOf(tokens);
  const from = tokens.findIndex((word, at) => depths[at] === 0 && word === "FROM");
  const isTop = (words: ReadonlySet<string>) => (word: string, at: number): boolean => at > from && depths[at] === 0 && words.has(word);
  if (from < 0 || tokens.some(isTop(combining))) return definition;
  const after = tokens.findIndex(isTop(afterFrom));
  const end = after < 0 ? tokens.length : after;
  const relation = tokens.slice(from + 1, end).filter((word, at) => depths[from + 1 + at] === 0 && name.test(word)).at(-1);
  if (relation === undefined || tokens.slice(from, end).some((word, at) => depths[from + at] === 0 && joining.has(word))) return definition;
  const isNeedless = prefixes(tokens, relation);
  return tokens.filter((_, at) => (at >= from && at < end) || !(isNeedless(at) || (tokens[at] === "." && isNeedless(at - 1)))).join("");
}

/** Literals, quoted names, words, white space, and anything else sign by sign. */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\s+|./gsu;
const name = /^["\p{L}_]/u;

const combining: ReadonlySet<string> = new Set(["UNION", "INTERSECT", "EXCEPT"]);
const joining: ReadonlySet<string> = new Set([",", "JOIN"]);
const afterFrom: ReadonlySet<string> = new Set(["WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", ";"]);

function depthsOf(tokens: readonly string[]): readonly number[] {
  let depth = 0;
  return tokens.map((word) => {
    if (word === ")") depth -= 1;
    const own = depth;
    if (word === "(") depth += 1;
    return own;
  });
}

/** Whether the token at a place is the relation's name before a column, outside of any subquery. */
function prefixes(tokens: readonly string[], relation: string): (at: number) => boolean {
  const inSubquery = subqueries(tokens);
  return (at) => {
    if (tokens[at] !== relation || tokens[at + 1] !== "." || inSubquery[at] === true) return false;
    const [before, column, next] = [tokens[at - 1], tokens[at + 2] ?? "", tokens[at + 3]];
    return before !== "." && before !== ":" && name.test(column) && next !== "(" && next !== ".";
  };
}

function subqueries(tokens: readonly string[]): readonly boolean[] {
  const open: boolean[] = [];
  return tokens.map((word, at) => {
    if (word === "(") open.push(/^(?:SELECT|WITH|VALUES)$/u.test(tokens.slice(at + 1, at + 3).find((next) => next.trim() !== "") ?? ""));
    if (word === ")") open.pop();
    return open.includes(true);
  });
}
