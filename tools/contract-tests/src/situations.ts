import type { ScriptUnderTest } from "./scripts.ts";

/** What each script is asked to do where the situation does not say more: the words that make it use its services. */
export function plainArguments({ name }: ScriptUnderTest): readonly string[] {
  return words[name] ?? [];
}

/** A benchmark that is long enough to be told and short enough for a test. */
export const shortBenchmark = { duration: "500ms", warmup: "100ms", percentile: 50, connections: 2, keys: 100 };

/** How far to roll back: to what is there, so that the scripts after it find it. */
export const wholeHistory = { to: "2" };

const words: Readonly<Record<string, readonly string[]>> = {
  // Other providers would start servers of their own instead of asking the one that is named.
  "start-dependencies": ["start", "--provider", "existing"],
  // `up` would start servers too.
  platform: ["verify"],
  "dragonfly-perf": flags(shortBenchmark),
  "rollback-migrations": flags(wholeHistory),
};

function flags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** Addresses where nobody can be reached, for tests in which nobody may be asked. */
export const unreachable: Readonly<Record<string, string>> = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", REDIS_URL: "redis://127.0.0.1:1" };

/** How a script ends in a situation, where that is not how the others do; every such line says why. */
interface Exception {
  readonly exitCode: number;
  readonly because: string;
}

export interface Situation {
  readonly title: string;
  /** Of every script that uses the service. */
  readonly exitCode: number;
  readonly exceptions: Readonly<Record<string, Exception>>;
}

const doctor = "the doctor describes the environment, and a service that is not there yet is a warning";

export const refused: Situation = { title: "the connection is refused", exitCode: 4, exceptions: { "test-runner": { exitCode: 0, because: doctor } } };

export const wrongPassword: Situation = {
  title: "the password is wrong",
  exitCode: 4,
  exceptions: { "test-runner": { exitCode: 6, because: "the server is there, and the doctor's answer is that the URL must be corrected" } },
};

export const missingDatabase: Situation = {
  title: "the database is missing",
  exitCode: 2,
  exceptions: {
    "init-database": { exitCode: 0, because: "it makes the database" },
    "start-dependencies": { exitCode: 0, because: "the server is ready; the database is for init-database to make" },
    "test-runner": { exitCode: 0, because: "it is asked before init-database has run" },
  },
};

export const missingRight: Situation = {
  title: "the right to connect is missing",
  exitCode: 5,
  exceptions: {
    "start-dependencies": { exitCode: 4, because: "a server that refuses the login of the URL is not ready for who uses the URL" },
  },
};

export function exitCodeOf({ name }: ScriptUnderTest, { exitCode, exceptions }: Situation): number {
  return exceptions[name]?.exitCode ?? exitCode;
}

/** Whether a script asks a service, by its manifest; those without services of their own may ask any that is named. */
export function uses({ manifest }: ScriptUnderTest, service: "postgres" | "dragonfly"): boolean {
  return manifest.services.length === 0 || manifest.services.includes(service);
}
