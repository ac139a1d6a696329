import { hostname, userInfo } from "node:os";

/** A stream of the process, as far as a run needs it. */
export interface Sink {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): Promise<void>;
}

/** Everything that a run takes from the process around it; tests hand in their own. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly actor: string;
  readonly hostname: string;
  /** Calls back on SIGINT and SIGTERM until the returned function is called; a second signal ends the process. */
  onSignal(handle: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Hands over the warnings of Node, such as deprecations, since the start of the process; standard error holds log lines only. */
  onWarning(handle: (warning: Error) => void): void;
  /** Names the process without its arguments, which may hold secrets. */
  setTitle(title: string): void;
  /** Ends the process, when all that was written has left it. What still holds it, a connection say, has no say: its work is done. */
  end(exitCode: number): Promise<void>;
}

/** The one place that touches the process. */
export function processHost(): Host {
  const [stdout, stderr] = [sink(process.stdout), sink(process.stderr)];
  return {
    env: process.env,
    cwd: process.cwd(),
    stdout,
    stderr,
    actor: currentUser(),
    hostname: hostname(),
    onSignal,
    onWarning: takeWarnings(),
    setTitle: (title) => {
      process.title = title;
    },
    end: async (exitCode) => {
      // Streams write in order.
      await Promise.all([stdout.write(""), stderr.write("")]);
      // Node takes longer to take itself down than a short run does to work.
      process.exit(exitCode);
    },
  };
}

function sink(stream: NodeJS.WriteStream): Sink {
  // A reader that went away, as in `... | head`, is not an error of the script.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    isTTY: stream.isTTY,
    columns: stream.columns ?? 100,
    write: (text) => new Promise((resolve) => stream.write(text, () => resolve())),
  };
}

function onSignal(handle: (signal: "SIGINT" | "SIGTERM") => void): () => void {
  let received = false;
  const listener = (signal: "SIGINT" | "SIGTERM"): void => {
    if (received) process.exit(signal === "SIGINT" ? 130 : 143);
    received = true;
    handle(signal);
  };
  process.on("SIGINT", listener).on("SIGTERM", listener);
  return () => void process.off("SIGINT", listener).off("SIGTERM", listener);
}

function takeWarnings(): Host["onWarning"] {
  const early: Error[] = [];
  let tell = (warning: Error): void => void early.push(warning);
  process.removeAllListeners("warning").on("warning", (warning) => tell(warning));
  return (handle) => {
    tell = handle;
    early.splice(0).forEach(handle);
  };
}

function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user often has no entry in the passwd file.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
