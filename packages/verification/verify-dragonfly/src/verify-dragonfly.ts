import { parseCacheUrl, withCache, type CacheOptions } from "@org/cache";
import { isScriptError, type ScriptError } from "@org/exit-codes";
import { atMost, checkResult, fail, limitOf, runChecks, unknown, type Check, type CheckResult, type Finding, type Result, type RunContext, type Secret } from "@org/script";
import { infoReader, type CacheContext, type Fields } from "./cache-context.ts";
import { cacheData, type CacheData } from "./cache-data.ts";
import { durabilityChecks } from "./checks/durability.ts";
import { memoryChecks } from "./checks/memory.ts";
import { sessionChecks } from "./checks/session.ts";
import { trafficChecks } from "./checks/traffic.ts";

export interface VerifySettings {
  readonly redisUrl: Secret;
}

/** Asks one server all questions, on one session and a short second one. Throws ScriptError(configuration) for a URL that cannot be read. */
export async function verify(context: RunContext<VerifySettings>): Promise<Result<CacheData>> {
  const url = context.settings.redisUrl.reveal();
  parseCacheUrl(url);
  const facts = new Map<string, Fields>();
  const checks = await runAll(context, { url, clientName: "verify-dragonfly", signal: context.signal }, facts);
  return { checks, data: cacheData(url, facts, checks) };
}

async function runAll(context: RunContext<VerifySettings>, session: CacheOptions, facts: Map<string, Fields>): Promise<CheckResult[]> {
  const { config } = context;
  const checks = [connectCheck, ...sessionChecks, ...memoryChecks, ...durabilityChecks, ...trafficChecks, ...(context.checks as readonly Check<CacheContext>[])];
  let reached = false;
  let refused: ScriptError | undefined;
  const open = async (use: (opened: CacheContext) => Promise<void>): Promise<void> => {
    try {
      await withCache(session, (cache) => {
        reached = true;
        return use({ cache, session, info: infoReader(cache, facts), config });
      });
    } catch (error) {
      if (!reached && isScriptError(error)) refused = error;
      throw error;
    }
  };
  const results = await runChecks({ checks, open, context });
  return refused === undefined ? results : notReached(checks, refused);
}

const connectCheck: Check<CacheContext> = { id: "cache.connect", title: "The server takes the connection and the login", run: connects };

/** Measured on a session of its own: the first one also loads the client library. */
async function connects({ session, config }: CacheContext): Promise<Finding> {
  const started = performance.now();
  const ms = await withCache(session, async () => performance.now() - started);
  return atMost({
    value: ms,
    unit: "ms",
    limit: limitOf(config, "cache.connect", 100),
    evidence: "connected and logged in",
    remedy: "Look at name resolution, the distance to the server and its load.",
  });
}

function notReached([connect, ...others]: readonly Check<CacheContext>[], { message, hint, code }: ScriptError): CheckResult[] {
  const remedy = hint ?? "Look into the server's log.";
  return [
    checkResult(connect!, fail(message, remedy, code === "general" ? {} : { code })),
    ...others.map((check) => checkResult(check, unknown("not reached: there is no session", "Mend cache.connect first."))),
  ];
}
