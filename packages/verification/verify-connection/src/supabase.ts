import { fail, pass, skipped, unknown, type Check, type Finding, type Secret } from "@org/script";

export interface SupabaseTarget {
  readonly url: string | undefined;
  readonly anonKey: Secret | undefined;
  readonly signal: AbortSignal;
}

/** The gateway's own health; checks of the HTTP services in front of the database. */
export const supabaseChecks: readonly Check<SupabaseTarget>[] = [
  { id: "supabase.rest", title: "Supabase REST answers", run: (target) => answers(target, "rest/v1/") },
  { id: "supabase.auth", title: "Supabase Auth answers", run: (target) => answers(target, "auth/v1/health") },
];

const timeoutMs = 5_000;

async function answers({ url, anonKey, signal }: SupabaseTarget, path: string): Promise<Finding> {
  if (url === undefined) return skipped("SUPABASE_URL is not set");
  const address = endpoint(url, path);
  if (address === undefined) {
    return fail(
      "SUPABASE_URL is no http or https address",
      "Write SUPABASE_URL as https://project.supabase.co.",
      { code: "configuration" },
    );
  }
  const started = performance.now();
  try {
    // A redirect would take the key to another host.
    const response = await fetch(address, { headers: headersOf(anonKey), redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    await response.body?.cancel();
    return statusFinding(response.status, { place: `${address.host}${address.pathname}`, ms: performance.now() - started, hasKey: anonKey !== undefined });
  } catch (error) {
    signal.throwIfAborted();
    return fail(`${address.host} cannot be reached: ${reasonOf(error)}`, "Start Supabase, or correct SUPABASE_URL.", { code: "connection" });
  }
}

function endpoint(url: string, path: string): URL | undefined {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) return undefined;
  return new URL(`${base.pathname.replace(/\/+$/, "")}/${path}`, base);
}

/** Keys of the new kind are no JWT and belong into `apikey` only. */
function headersOf(anonKey: Secret | undefined): Record<string, string> {
  if (anonKey === undefined) return {};
  const key = anonKey.reveal();
  return key.startsWith("sb_") ? { apikey: key } : { apikey: key, authorization: `Bearer ${key}` };
}

interface Answer {
  readonly place: string;
  readonly ms: number;
  readonly hasKey: boolean;
}

function statusFinding(status: number, { place, ms, hasKey }: Answer): Finding {
  const extra = { value: Math.round(ms * 10) / 10, unit: "ms" };
  if (status >= 200 && status < 300) return pass(`${place} answered ${status}`, extra);
  if ((status === 401 || status === 403) && !hasKey) return unknown(`${place} wants a key (${status})`, "Set SUPABASE_ANON_KEY.");
  if (status === 401 || status === 403) {
    return fail(
      `${place} refuses the key (${status})`,
      "Correct SUPABASE_ANON_KEY: it must belong to the project of SUPABASE_URL.",
      { ...extra, code: "connection" },
    );
  }
  return fail(`${place} answered ${status}`, "Look into the logs of the Supabase service, or correct SUPABASE_URL.", { ...extra, code: "connection" });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
}
