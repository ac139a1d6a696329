import { isScriptError, type ScriptError } from "@org/exit-codes";
import { describePostgresUrl, withClient, type PostgresOptions } from "@org/postgres";
import { checkResult, fail, pass, runChecks, unknown, type Check, type CheckResult, type Result, type RunContext, type Secret } from "@org/script";
import { layersOf, type ConnectionData, type ServerFacts } from "./connection-data.ts";
import { addressLayers } from "./layers/address.ts";
import { layerTimeoutMs, type Probe } from "./layers/probe.ts";
import { tlsLayer } from "./layers/tls.ts";
import { reachLayers } from "./session/reach.ts";
import { rightsChecks } from "./session/rights.ts";
import { serverChecks } from "./session/server.ts";
import type { SessionContext, SessionFacts } from "./session/session-context.ts";
import { supabaseChecks, type SupabaseTarget } from "./supabase.ts";

export interface VerifySettings {
  readonly databaseUrl: Secret;
  readonly stateSchema: string;
  readonly supabaseUrl: string | undefined;
  readonly supabaseAnonKey: Secret | undefined;
}

type Context = RunContext<VerifySettings>;

/** Goes down the layers to the database, and asks the open session the rest. Every refusal is in the result; only a bug or an abort rejects. */
export async function verify(context: Context): Promise<Result<ConnectionData>> {
  const probe: Probe = { url: context.settings.databaseUrl.reveal(), config: context.config, addresses: [], tls: null };
  const facts: SessionFacts = {};
  const [postgres, supabase] = await Promise.all([verifyPostgres(context, probe, facts), verifySupabase(context)]);
  return { checks: [...postgres, ...supabase], data: connectionData(probe, facts, postgres) };
}

async function verifyPostgres(context: Context, probe: Probe, facts: SessionFacts): Promise<CheckResult[]> {
  const layers = await runLayers([...addressLayers, tlsLayer], probe, context);
  const failed = layers.find(({ verdict }) => verdict === "fail" || verdict === "unknown");
  const upper = [...reachLayers, ...serverChecks, ...rightsChecks, ...(context.checks as readonly Check<SessionContext>[])];
  if (failed !== undefined) return [...layers, ...upper.map((check) => notReached(check, failed.id))];
  return [...layers, ...(await runSession(upper, { context, probe, facts }))];
}

/** One after the other, down to the first that fails. */
async function runLayers(layers: readonly Check<Probe>[], probe: Probe, context: Context): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const layer of layers) {
    const failed = results.find(({ verdict }) => verdict === "fail" || verdict === "unknown");
    if (failed !== undefined) results.push(notReached(layer, failed.id));
    else results.push(...(await runChecks({ checks: [layer], open: (use) => use(probe), context })));
  }
  return results;
}

function notReached(check: { readonly id: string; readonly title: string }, failed: string): CheckResult {
  return checkResult(check, unknown(`not reached: ${failed} failed`, `Mend ${failed} first.`));
}

interface Session {
  readonly context: Context;
  readonly probe: Probe;
  readonly facts: SessionFacts;
}

async function runSession(checks: readonly Check<SessionContext>[], { context, probe, facts }: Session): Promise<CheckResult[]> {
  const { config, settings, signal } = context;
  const options: PostgresOptions = { url: probe.url, applicationName: "verify-connection", readOnly: true, connectTimeoutMs: layerTimeoutMs, signal };
  let reached = false;
  let refused: ScriptError | undefined;
  const open = async (use: (session: SessionContext) => Promise<void>): Promise<void> => {
    try {
      await withClient(options, (client) => {
        reached = true;
        return use({ client, options, config, stateSchema: settings.stateSchema, facts });
      });
    } catch (error) {
      if (!reached && isScriptError(error)) refused = error;
      throw error;
    }
  };
  const results = await runChecks({ checks, open, context });
  return refused === undefined ? results : refusedSession(checks, refused);
}

/** The server looks for the database after it has taken the login, so its answer tells which of the two it refused. */
function refusedSession([auth, database, ...others]: readonly Check<SessionContext>[], { message, hint, code, cause }: ScriptError): CheckResult[] {
  const finding = fail(message, hint ?? "Look into the server's log.", code === "general" ? {} : { code });
  const sqlState = (cause as { readonly code?: unknown } | undefined)?.code;
  if (sqlState === "3D000" || sqlState === "42501") {
    return [checkResult(auth!, pass("the login was taken")), checkResult(database!, finding), ...others.map((check) => notReached(check, database!.id))];
  }
  return [checkResult(auth!, finding), ...[database!, ...others].map((check) => notReached(check, auth!.id))];
}

async function verifySupabase(context: Context): Promise<CheckResult[]> {
  const { supabaseUrl: url, supabaseAnonKey: anonKey } = context.settings;
  const target: SupabaseTarget = { url, anonKey, signal: context.signal };
  const results = supabaseChecks.map((check) => runChecks({ checks: [check], open: (use) => use(target), context }));
  return (await Promise.all(results)).flat();
}

function connectionData({ url, address, addresses, tls }: Probe, facts: SessionFacts, checks: readonly CheckResult[]): ConnectionData {
  const layers = layersOf(checks);
  return {
    target: address === undefined ? null : describePostgresUrl(url),
    failedLayer: layers.find(({ verdict }) => verdict === "fail")?.name ?? null,
    layers,
    addresses,
    tls,
    server: serverFacts(facts),
  };
}

function serverFacts(facts: SessionFacts): ServerFacts {
  return {
    version: facts.version ?? null,
    role: facts.role ?? null,
    superuser: facts.superuser ?? null,
    replica: facts.replica ?? null,
    readOnlyByDefault: facts.readOnlyByDefault ?? null,
    pooler: facts.pooler ?? null,
    connections: facts.connections ?? null,
    clockOffsetMs: facts.clockOffsetMs ?? null,
  };
}
