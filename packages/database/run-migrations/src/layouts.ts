import type { MigrationLayout } from "@org/script";

export type { MigrationLayout };


/** One example for each layout, as messages show it. */
export const layoutExamples: Readonly<Record<MigrationLayout, string>> = {
  files: "1_create_users.sql or 20250110090000_create_users.sql",
  pairs: "1_create_users.up.sql and 1_create_users.down.sql",
  folders: "1_create_users/migration.sql",
  "folder-pairs": "1_create_users/up.sql and 1_create_users/down.sql",
  sections: '1_create_users.sql with the lines "-- migrate:up" and "-- migrate:down"',
  flyway: "V1__create_users.sql and U1__create_users.sql",
};

/** What a file is by its name alone. */
export interface NamedFile {
  readonly layout: MigrationLayout;
  readonly direction: "up" | "down";
  /** The number that the name starts with, without separators and leading zeros; of several parts in the layout flyway (1.10). */
  readonly version: string;
  readonly name: string;
}

/** Reads a path with `/` relative to the directory; undefined when it is not named like a migration of any layout. */
export function parseMigrationPath(file: string): NamedFile | undefined {
  const [first, second, ...deeper] = file.split("/");
  if (first === undefined || deeper.length > 0) return undefined;
  return second === undefined ? parseFile(first) : parseFolder(first, second);
}

function parseFile(file: string): NamedFile | undefined {
  const [, way, number, title] = /^([VU])(\d+(?:[._]\d+)*)__(.+)\.sql$/su.exec(file) ?? [];
  if (number !== undefined) {
    const version = normaliseVersion(number.replaceAll("_", "."));
    return { layout: "flyway", direction: way === "U" ? "down" : "up", version, name: title! };
  }
  const whole = /\.sql$/iu.test(file) ? file.slice(0, -".sql".length) : "";
  const [ending, direction] = /\.(up|down)$/iu.exec(whole) ?? [""];
  const versioned = parseStem(whole.slice(0, whole.length - ending.length));
  if (versioned === undefined) return undefined;
  return { layout: direction === undefined ? "files" : "pairs", direction: toDirection(direction), ...versioned };
}

function parseFolder(folder: string, file: string): NamedFile | undefined {
  const [, kind] = /^(migration|up|down)\.sql$/iu.exec(file) ?? [];
  const versioned = parseStem(folder);
  if (kind === undefined || versioned === undefined) return undefined;
  return { layout: /^migration$/iu.test(kind) ? "folders" : "folder-pairs", direction: toDirection(kind), ...versioned };
}

function toDirection(written: string | undefined): "up" | "down" {
  return written?.toLowerCase() === "down" ? "down" : "up";
}

// Dates come with separators between them and the time (diesel: 2024-01-31-120000_name), else digits end at the first separator.
const versioned = /^(\d{4}-\d{2}-\d{2}(?:[-_T]\d{2}-?\d{2}-?\d{2})?|\d{8}[-_T]\d{6}|\d+)(?:[-_](.+))?$/su;

function parseStem(stem: string): { readonly version: string; readonly name: string } | undefined {
  const [, written, name] = versioned.exec(stem) ?? [];
  if (written === undefined) return undefined;
  return { version: normaliseVersion(written.replaceAll(/\D/gu, "")), name: name ?? stem };
}

/** A version as it is compared and shown: its numbers without leading zeros. What is no version comes back as it is. */
export function normaliseVersion(version: string): string {
  if (/^[1-9]\d*$/u.test(version)) return version;
  if (!/^\d+(?:\.\d+)*$/u.test(version)) return version;
  return version.split(".").map((part) => BigInt(part).toString()).join(".");
}

/** Orders versions, as normaliseVersion writes them, by number, part by part, whatever their widths. */
export function compareVersions(a: string, b: string): number {
  if (!a.includes(".") && !b.includes(".")) return compareNumbers(a, b);
  const [left, right] = [a.split("."), b.split(".")];
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = compareNumbers(left[part] ?? "", right[part] ?? "");
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Without leading zeros the longer number is the greater one; timestamps are longer than what a number holds exactly. */
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}
