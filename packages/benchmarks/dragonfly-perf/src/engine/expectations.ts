import type { Expectation, ReplyKind } from "./load-plan.ts";

/** What the replies of one command were; a reply is counted in exactly one place. */
export interface ReplyCounts {
  /** As expected. */
  ok: number;
  /** Null where a null is a missed key. */
  misses: number;
  /** Of a kind or length that the command does not have. */
  wrong: number;
  /** Errors by the first word of the server's message. */
  readonly errors: Map<string, ErrorCount>;
}

export interface ErrorCount {
  count: number;
  /** Of the first one, which says more than its kind; empty where there is none. */
  readonly text: string;
}

export function createReplyCounts(): ReplyCounts {
  return { ok: 0, misses: 0, wrong: 0, errors: new Map() };
}

/** An expectation as the scanner reads it. */
export interface CompiledExpectation {
  readonly kinds: number;
  readonly nullIsMiss: boolean;
  readonly minLength: number;
  readonly maxLength: number;
}

export const kindBits: Readonly<Record<ReplyKind, number>> = { status: 1, integer: 2, bulk: 4, array: 8, double: 16, boolean: 32 };

export function compile({ kinds, nullIsMiss, length }: Expectation): CompiledExpectation {
  return {
    kinds: kinds.reduce((bits, kind) => bits | kindBits[kind], 0),
    nullIsMiss,
    minLength: length?.min ?? 0,
    maxLength: length?.max ?? Infinity,
  };
}

/** Counts an error by the first word of its text, which the server writes in capitals. */
export function countError(counts: ReplyCounts, text: string): void {
  const kind = /^[A-Z]+/u.exec(text)?.[0] ?? "error";
  countKind(counts, kind, text);
}

/** Counts a request whose reply never came. */
export function countLost(counts: ReplyCounts): void {
  countKind(counts, "connection lost", "");
}

function countKind({ errors }: ReplyCounts, kind: string, text: string): void {
  const known = errors.get(kind);
  if (known === undefined) errors.set(kind, { count: 1, text });
  else known.count++;
}

/** The same judgement on a reply that a client library has read. */
export function judge(counts: ReplyCounts, { kinds, nullIsMiss, minLength, maxLength }: CompiledExpectation, reply: unknown): void {
  if (reply instanceof Error) return countError(counts, reply.message);
  if (reply === null || reply === undefined) {
    if (nullIsMiss) counts.misses++;
    else counts.wrong++;
    return;
  }
  // A library makes text of statuses, doubles and values alike.
  const text = typeof reply === "string" ? reply : undefined;
  const bit = text !== undefined ? kindBits.status | kindBits.bulk | kindBits.double : typeof reply === "number" ? kindBits.integer : kindBits.array;
  const fits = (kinds & bit) !== 0 && (text === undefined || (kinds & kindBits.bulk) === 0 || (text.length >= minLength && text.length <= maxLength));
  if (fits) counts.ok++;
  else counts.wrong++;
}
