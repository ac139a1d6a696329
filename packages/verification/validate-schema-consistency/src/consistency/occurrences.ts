import type { Occurrence } from "@org/script";

/** An object, and what there is to tell of it. */
export interface Told {
  readonly object: string;
  readonly message: string;
}

export interface Telling {
  readonly rule: string;
  readonly level: Occurrence["level"];
  readonly remedy: string;
}

/** Each object by itself, for the formats that point at it. */
export function occurrencesOf(told: readonly Told[], { rule, level, remedy }: Telling): readonly Occurrence[] {
  return told.map(({ object, message }) => ({ rule, level, message, object, remedy }));
}
