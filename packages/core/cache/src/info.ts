import type { CacheClient } from "./client.ts";

/** Fields by section, as the server names them; section names are in lower case. */
export type CacheInfo = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Reads INFO: all that the server tells by default, or the named sections. */
export async function readInfo(client: CacheClient, sections: readonly string[] = []): Promise<CacheInfo> {
  if (sections.length === 0) return parseInfo(await client.info());
  // One request each, because older servers take a single section.
  const texts = await Promise.all(sections.map((section) => client.info(section)));
  return parseInfo(texts.join("\r\n"));
}

/** Lines that are neither a section nor a field are left out; fields before the first section are in the section "". */
export function parseInfo(text: string): CacheInfo {
  const info = emptyRecord<Record<string, string>>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^#\s*(.+?)\s*$/.exec(line)?.[1];
    if (header !== undefined) section = header.toLowerCase();
    const [, field, value] = (header === undefined && /^([^:]+):(.*)$/s.exec(line)) || [];
    if (header !== undefined || field !== undefined) info[section] ??= emptyRecord<string>();
    if (field !== undefined && value !== undefined) (info[section] as Record<string, string>)[field] = value;
  }
  return info;
}

export interface ServerFlavour {
  readonly flavour: "dragonfly" | "valkey" | "redis" | "unknown";
  /** The flavour's own version, not the Redis version that it is compatible with; undefined when the server does not tell. */
  readonly version: string | undefined;
}

/** Which server answers, told by what each writes into INFO's server section. */
export function serverFlavour(info: CacheInfo): ServerFlavour {
  const server = info["server"] ?? {};
  const dragonfly = server["dragonfly_version"] ?? (server["redis_version"]?.startsWith("df-") === true ? server["redis_version"] : undefined);
  if (dragonfly !== undefined) return { flavour: "dragonfly", version: dragonfly.replace(/^df-v?/, "") };
  if (server["valkey_version"] !== undefined) return { flavour: "valkey", version: server["valkey_version"] };
  if (server["redis_version"] !== undefined) return { flavour: "redis", version: server["redis_version"] };
  return { flavour: "unknown", version: undefined };
}

// Field names come from the server, and "__proto__" is a name like any other.
function emptyRecord<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}
