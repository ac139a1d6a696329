import { ScriptError } from "@org/exit-codes";

/** What the URLs of one kind of server look like. */
export interface ConnectionUrlRules {
  /** As errors name it, such as "Postgres URL". */
  readonly name: string;
  /** Accepted schemes; the first is the one that errors recommend. */
  readonly schemes: readonly [string, ...string[]];
  /** How to write one, for errors that have no closer advice. */
  readonly hint: string;
}

/** A connection URL, taken apart. Its parts are still percent-encoded; `decode` gives their text. */
export interface ConnectionUrl {
  readonly parsed: URL;
  /** The value of a query parameter, which counts as used from now on; undefined when it is absent or empty. */
  readonly take: (name: string) => string | undefined;
  /** The query parameters that nobody took. */
  readonly unused: () => readonly string[];
  /** The text of a part; throws a ScriptError that names the part. */
  readonly decode: (text: string, part: string) => string;
  /** The error for a URL that cannot be used: what is wrong with it, and the next step. */
  readonly refuse: (problem: string, hint?: string) => ScriptError;
}

/**
 * Reads a connection URL more strictly than the URL standard, which drops line breaks, encodes blanks and takes the end of a password for a path
 * without a word. Throws a ScriptError (configuration) that names the problem and never the password.
 */
export function readConnectionUrl(url: string, { name, schemes, hint }: ConnectionUrlRules): ConnectionUrl {
  const refuse: ConnectionUrl["refuse"] = (problem, closer = hint) => new ScriptError("configuration", `the ${name} cannot be read: ${problem}`, { hint: closer });
  const parsed = parseUrl(url, schemes, refuse);
  const parameters = new Map(parsed.searchParams);
  const take = (parameter: string): string | undefined => {
    const value = parameters.get(parameter);
    parameters.delete(parameter);
    return value === "" ? undefined : value;
  };
  return { parsed, take, unused: () => [...parameters.keys()], decode: (text, part) => decode(text, part, refuse), refuse };
}

/** A text of a URL's parts on one line, without control characters. */
export function printableUrlPart(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => encodeURIComponent(character));
}

type Refuse = ConnectionUrl["refuse"];

function parseUrl(url: string, schemes: ConnectionUrlRules["schemes"], refuse: Refuse): URL {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  if (scheme === undefined) throw refuse(`it does not begin with ${schemes[0]}://`);
  if (!schemes.includes(scheme.slice(0, -3).toLowerCase())) throw refuse(`it begins with ${scheme} instead of ${schemes[0]}://`);
  if (/[\s\u0000-\u001f]/.test(url)) throw refuse("it contains a blank, a tab or a line break", "Write a blank as %20.");
  const hostPart = url.slice(scheme.length).split(/[/?#]/, 1)[0] ?? "";
  const rest = url.slice(scheme.length + hostPart.length);
  if (!hostPart.includes("@") && /^[^?]*@|[?&][^=&]*@/.test(rest)) throw refuse(unencoded, encodingHint);
  if (hostPart.slice(hostPart.lastIndexOf("@") + 1).includes(",")) throw refuse("it names several hosts", "Name the one server to work on.");
  return parseStandardUrl(url, refuse);
}

function parseStandardUrl(url: string, refuse: Refuse): URL {
  let parsed: URL;
  try {
    // An empty host beside a user or a password (redis://:secret@/0) means the default one and is not in the URL standard.
    parsed = new URL(url.replace(/^([^/?#]*\/\/[^/?#]*@)(?=[:/?]|$)/, "$1localhost"));
  } catch {
    // The parser's own error carries the whole URL with its password.
    throw refuse("it is not a valid URL", encodingHint);
  }
  if (parsed.hash !== "") throw refuse(unencoded, encodingHint);
  return parsed;
}

const unencoded = "its user or password contains an unencoded /, ? or #";
// Without a colon after the password, which the redactor would take for one.
const encodingHint = "Percent-encode special characters in the user and the password (@ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25).";

function decode(text: string, part: string, refuse: Refuse): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw refuse(`its ${part} contains a % that begins no escape`, "Write a % as %25.");
  }
  if (decoded.includes("\0")) throw refuse(`its ${part} contains a NUL character`);
  return decoded;
}
