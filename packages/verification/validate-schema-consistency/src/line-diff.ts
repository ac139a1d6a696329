import type { LineColor } from "@org/script";

/** A line that both texts have, or only one of them. */
export interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** As many pairs of lines are compared; of longer texts every changed line is told as removed and added. */
const mostPairs = 4_000_000;

/** The lines of two texts, those in common once: `-` is only in the first one, `+` only in the second. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const start = commonLength(a, b);
  const end = Math.min(commonLength(a.toReversed(), b.toReversed()), Math.min(a.length, b.length) - start);
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ sign: " ", text }));
  const middle = changedLines(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))];
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const different = a.findIndex((line, index) => line !== b[index]);
  return different === -1 ? a.length : different;
}

function changedLines(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ sign: "-", text });
  const added = (text: string): DiffLine => ({ sign: "+", text });
  if (a.length * b.length > mostPairs) return [...a.map(removed), ...b.map(added)];
  const common = commonSubsequences(a, b);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i]! });
      [i, j] = [i + 1, j + 1];
    } else if (j === b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(removed(a[i++]!));
    else lines.push(added(b[j++]!));
  }
  return lines;
}

/** How many lines the two have in common from each pair of lines on. */
function commonSubsequences(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    }
  }
  return table;
}

const context = 2;

/** The changed lines with a little around them; what is left out between shows as `…`. */
export function hunks(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = (index: number): boolean => lines.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== " ");
  return lines.flatMap((line, index): DiffLine[] => {
    if (isNear(index)) return [line];
    return index > 0 && isNear(index - 1) ? [{ sign: " ", text: "…" }] : [];
  });
}

/** The colour of a changed line as the report prints it: green is how it should be, red how it is. */
export function lineColor(line: string): LineColor | undefined {
  if (/^ {4}\+ /u.test(line)) return "green";
  return /^ {4}- /u.test(line) ? "red" : undefined;
}
