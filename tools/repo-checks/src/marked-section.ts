/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`, which stay. Undefined when the markers are not there
 * exactly once and in order.
 */
export function replaceSection(text: string, name: string, content: string): string | undefined {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start === -1 || end < start || text.lastIndexOf(open) !== start || text.lastIndexOf(close) !== end) return undefined;
  return `${text.slice(0, start)}${open}\n\n${content.trim()}\n\n${text.slice(end)}`;
}
