import { isAbsolute, resolve } from "node:path";
import { parseDuration } from "./duration.ts";
import { Secret } from "./secret.ts";

/** What a value is read in: relative paths belong to `root`. */
export interface ParseContext {
  readonly root: string;
}

/** One setting: where it may come from and how what was written becomes a value. */
export interface Option<T> {
  /** As the help shows it: "--wait <duration>". */
  readonly flag?: string;
  /** The environment variable. */
  readonly env?: string;
  /** The dotted path in `platform.config.*`. */
  readonly config?: string;
  readonly description: string;
  readonly default?: unknown;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly choices?: readonly string[];
  /** Throws an Error whose message says what was expected. */
  readonly parse: (written: unknown, context: ParseContext) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The declaration that gives these settings. */
export type OptionsOf<Settings> = { readonly [K in keyof Settings]-?: Option<Settings[K]> };

/** The typed settings that a declaration of options gives. */
export type SettingsOf<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** What the importable function accepts for a declaration: values as written, all optional to the type. */
export type InputOf<O extends Options> = { readonly [K in keyof O]?: Written<SettingsOf<O>[K]> | undefined };

type Written<T> = T extends Secret ? string | Secret : T extends number ? number | string : T;

interface Declared<T> {
  readonly flag?: string;
  readonly env?: string;
  readonly config?: string;
  readonly description: string;
  readonly default?: T;
  readonly required?: boolean;
}

type Valued<T, D> = D extends { readonly default: T } | { readonly required: true } ? T : T | undefined;

function text<const D extends Declared<string>>(declared: D): Option<Valued<string, D>> {
  return { ...declared, parse: parseText };
}

function secret<const D extends Omit<Declared<Secret>, "default">>(declared: D): Option<Valued<Secret, D>> {
  const parse = (written: unknown): Secret => (written instanceof Secret ? written : new Secret(parseText(written)));
  return { ...declared, secret: true, parse };
}

function integer<const D extends Declared<number> & { readonly min?: number; readonly max?: number }>(
  declared: D,
): Option<Valued<number, D>> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = declared;
  const parse = (written: unknown): number => {
    const number = typeof written === "string" && /^-?\d+$/u.test(written.trim()) ? Number(written) : written;
    if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max) return number;
    throw new Error(`expected a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`}`);
  };
  return { ...declared, parse };
}

/** Milliseconds; the default may be written as text, such as "30s". */
function duration<const D extends Declared<number | string>>(
  declared: D,
): Option<D extends { readonly default: number | string } | { readonly required: true } ? number : number | undefined> {
  const parse = (written: unknown): number => {
    if (typeof written === "number" && Number.isFinite(written) && written >= 0) return written;
    return parseDuration(parseText(written));
  };
  return { ...declared, parse };
}

function boolean<const D extends Declared<boolean>>(declared: D): Option<boolean> {
  const parse = (written: unknown): boolean => {
    if (typeof written === "boolean") return written;
    const known = { true: true, false: false, "1": true, "0": false }[String(written).trim().toLowerCase()];
    if (known === undefined) throw new Error('expected "true" or "false"');
    return known;
  };
  return { ...declared, default: declared.default ?? false, parse };
}

function choice<const C extends string, const D extends Declared<C> & { readonly choices: readonly C[] }>(
  declared: D & { readonly choices: readonly C[] },
): Option<Valued<C, D>> {
  const parse = (written: unknown): C => {
    const found = declared.choices.find((candidate) => candidate === String(written).trim());
    if (found === undefined) throw new Error(`expected one of ${declared.choices.join(", ")}`);
    return found;
  };
  return { ...declared, parse };
}

function list<const D extends Declared<readonly string[]>>(declared: D): Option<Valued<readonly string[], D>> {
  const parse = (written: unknown): readonly string[] => {
    const items: unknown[] = Array.isArray(written) ? written : parseText(written).split(",");
    return items.map((item) => parseText(item).trim()).filter((item) => item !== "");
  };
  return { ...declared, parse };
}

function path<const D extends Declared<string>>(declared: D): Option<Valued<string, D>> {
  const parse = (written: unknown, { root }: ParseContext): string => {
    const name = parseText(written);
    return isAbsolute(name) ? name : resolve(root, name);
  };
  return { ...declared, parse };
}

/** Builders of options, by the kind of their value. */
export const option: {
  readonly text: typeof text;
  readonly secret: typeof secret;
  readonly integer: typeof integer;
  readonly duration: typeof duration;
  readonly boolean: typeof boolean;
  readonly choice: typeof choice;
  readonly list: typeof list;
  readonly path: typeof path;
} = { text, secret, integer, duration, boolean, choice, list, path };

function parseText(written: unknown): string {
  if (typeof written !== "string") throw new Error(`expected text, not ${written === null ? "null" : typeof written}`);
  if (written.trim() === "") throw new Error("expected a value, not an empty text");
  return written;
}
