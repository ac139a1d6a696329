const mask = "***";

/** A value that shows itself only when asked: printing, logging, inspecting or serialising it gives `***`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }
}

// The symbol is util.inspect.custom; importing node:util for it would cost every start several milliseconds.
Object.defineProperty(Secret.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: () => mask });
