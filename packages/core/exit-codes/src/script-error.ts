import { exitCodes, type ExitCode, type ExitCodeName } from "./exit-codes.ts";

// A registered symbol is the same in every copy of this package, so two versions in one tree recognise each other's errors.
const brand: unique symbol = Symbol.for("platform-scripts.ScriptError") as never;

export interface ScriptErrorOptions {
  /** The next step for the reader, as an imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * An error that a user can cause and mend: what is wrong (naming the value and the reason), what to do next and the
 * exit code. Everything else is a bug and stays a plain Error with its stack.
 */
export class ScriptError extends Error {
  readonly code: ExitCodeName;
  readonly hint: string | undefined;

  constructor(code: ExitCodeName, message: string, options: ScriptErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ScriptError";
    this.code = code;
    this.hint = options.hint;
    Object.defineProperty(this, brand, { value: true });
  }

  get exitCode(): ExitCode {
    return exitCodes[this.code];
  }
}

/** Recognises a ScriptError by its brand, also one that another copy of this package made. */
export function isScriptError(error: unknown): error is ScriptError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}
