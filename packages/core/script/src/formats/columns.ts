import { displayWidth } from "./visible.ts";

/** Breaks a text into lines of at most `width` columns, at spaces where there are some; its own newlines stay. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, width));
}

function wrapLine(line: string, width: number): string[] {
  if (displayWidth(line) <= width) return [line];
  const lines: string[] = [];
  let current = /^ */u.exec(line)![0].slice(0, Math.floor(width / 2));
  let empty = true;
  for (const word of line.trim().split(/ +/u).flatMap((part) => chop(part, width - displayWidth(current)))) {
    if (!empty && displayWidth(current) + 1 + displayWidth(word) > width) {
      lines.push(current);
      current = "";
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, current];
}

/** A word that is longer than a line, such as a URL or a path, in pieces. */
function chop(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const pieces: string[] = [""];
  for (const character of word) {
    const piece = pieces.at(-1)! + character;
    if (displayWidth(piece) > width) pieces.push(character);
    else pieces[pieces.length - 1] = piece;
  }
  return pieces;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}
