/** A statement as one short line. */
export function shorten(text: string): string {
  const first = text.replaceAll(/\s+/gu, " ").trim();
  return first.length <= 80 ? first : `${first.slice(0, 79)}…`;
}
