import { describeCacheUrl, parseCacheUrl, readInfo, toCacheError, type CacheClient, type CacheOptions } from "@org/cache";
import { isScriptError } from "@org/exit-codes";
import { unknown, type Check, type CheckRun, type Finding, type PlatformConfig } from "@org/script";

/** The fields of one section of INFO. */
export type Fields = Readonly<Record<string, string>>;

/** What the checks of this script are handed, those of `platform.config.*` included. */
export interface CacheContext {
  readonly cache: CacheClient;
  /** How the session was opened, for checks that need a second one. */
  readonly session: CacheOptions;
  /** A section of INFO, asked by name, because servers leave some out of the whole; asked once. */
  readonly info: (section: string) => Promise<Fields>;
  readonly config: PlatformConfig;
}

/** Reads each section once, and keeps what it read in `facts`. */
export function infoReader(cache: CacheClient, facts: Map<string, Fields>): CacheContext["info"] {
  const asked = new Map<string, Promise<Fields>>();
  const read = async (section: string): Promise<Fields> => {
    const fields = (await readInfo(cache, [section]))[section] ?? {};
    facts.set(section, fields);
    return fields;
  };
  return (section) => {
    const answer = asked.get(section) ?? read(section);
    asked.set(section, answer);
    return answer;
  };
}

type Ask = (context: CacheContext, run: CheckRun) => Promise<Finding>;

/** Makes what the server refuses (a right, a command that it does not know) an answer of `unknown` that says so. `doing` is an infinitive. */
export function asking(doing: string, ask: Ask): Check<CacheContext>["run"] {
  return async (context, run) => {
    try {
      return await ask(context, run);
    } catch (error) {
      run.signal.throwIfAborted();
      return refusal(error, { url: context.session.url, doing });
    }
  };
}

function refusal(error: unknown, context: { readonly url: string; readonly doing: string }): Finding {
  const told = toCacheError(error, context);
  // After a lost connection nothing else can be asked, which is for the runner to see; a bug keeps its stack.
  if (!isScriptError(told) || told.code === "connection") throw told;
  if (/unknown (sub)?command/i.test(told.message)) {
    const evidence = `cannot ${context.doing}: ${describeCacheUrl(context.url)} does not know the command, or knows it by another name`;
    return unknown(evidence, "Ask an administrator which commands are renamed or disabled, and run this with an account that has them.");
  }
  return unknown(told.message, told.hint ?? "Look into the server's log.", told.code === "general" ? {} : { code: told.code });
}

/** The answer where a server leaves a field out. */
export function notReported(fields: string): Finding {
  return unknown(`the server does not report ${fields}`, "Compare the flavour and version with cache.version; a newer server may report it.");
}

/** The number that a field holds, undefined where there is none. */
export function numberOf(fields: Fields | undefined, name: string): number | undefined {
  const text = fields?.[name]?.trim() ?? "";
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? undefined : number;
}

/** Whether the URL leads to this host only. */
export function isLocal(url: string): boolean {
  const { host, socket } = parseCacheUrl(url);
  return socket !== undefined || host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

/** 1536 is "1.5 KB". */
export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  return `${Math.round((count / 1024 ** power) * 10) / 10} ${units[power]}`;
}
