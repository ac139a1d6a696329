/** Replaces every secret in a text by `***`. */
export type Redact = (text: string) => string;

const mask = "***";

/** Shapes that are secret wherever they stand: URL passwords, JWTs, Supabase and cloud keys, `password=...`, private keys. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/?#"'<>]*):[^\s"'<>]*@(?=[^\s@"'<>]*)/giu, `$1:${mask}@`],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/gu, mask],
  [/\bsb_(secret|publishable)_[\w-]{8,}/gu, `sb_$1_${mask}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gu, mask],
  [
    /((?:^|[\s"'{,;&?(])-{0,2}[\w-]*(?:password|passwd|passphrase|pgpassword|secret|api[_-]?key|service[_-]?key|anon[_-]?key|access[_-]?token|auth[_-]?token)["']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'})]+)/giu,
    `$1${mask}`,
  ],
  [/(--(?:password|passwd|secret|token|api-key|[\w-]*-key)\s+)(?!-)\S+/giu, `$1${mask}`],
];

/** Every pattern needs one of these, and looking for them first is quick: most texts of a long report have none. */
const suspicious = /:\/\/|eyJ|sb_|pass|secret|token|key/iu;

/**
 * Makes a redactor for the known secrets of one run and for everything that looks like one.
 * Secrets shorter than four characters are left to the patterns: replacing "a" everywhere would destroy the text.
 */
export function createRedactor(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets.flatMap(spellings))].filter((text) => text.length >= 4);
  known.sort((a, b) => b.length - a.length);
  return (text) => {
    const plain = known.reduce((redacted, secret) => (redacted.includes(secret) ? redacted.replaceAll(secret, mask) : redacted), text);
    return !suspicious.test(plain) ? plain : patterns.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), plain);
  };
}

const secretKey = /(?:password|passwd|passphrase|secret|api_?key|service_?key|access_?token|auth_?token)$/iu;

/**
 * JSON-like data with its texts redacted; keys stay as they are, and a text under a key such as `password` goes. A copy, or the data itself where there is
 * nothing to redact.
 */
export function redactDeep<T>(value: T, redact: Redact): T {
  return isClean(JSON.stringify(value) ?? "", redact) ? value : redactEach(value, redact);
}

/** Looking at thousands of texts as one takes a quarter of the time. Escaped ones are not what they look like in JSON. */
function isClean(json: string, redact: Redact): boolean {
  return !json.includes("\\") && !secretKeyInJson.test(json) && redact(json) === json;
}

const secretKeyInJson = new RegExp(secretKey.source.replace(/\$$/u, '":'), "iu");

function redactEach<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactEach(item, redact)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const redacted = { ...value } as Record<string, unknown>;
  for (const key of Object.keys(redacted)) {
    const item = redacted[key];
    redacted[key] = typeof item === "string" && secretKey.test(key) ? mask : redactEach(item, redact);
  }
  return redacted as T;
}

/** A secret as it is, percent-encoded and decoded, and the password inside when it is a URL. */
function spellings(secret: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^:@/]*:(.*)@/iu.exec(secret)?.[1];
  return [secret, ...(password === undefined ? [] : [password])].flatMap((text) => [
    text,
    encodeURIComponent(text),
    decode(text),
    JSON.stringify(text).slice(1, -1),
  ]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded, so there is no second spelling.
    return text;
  }
}
