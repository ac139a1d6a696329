import type { Report } from "@org/script";
import type { CacheData } from "./cache-data.ts";

/** One line on the server, from what it told. */
export function renderCache({ data }: Report<CacheData>): string {
  if (data === null) return "";
  const { target, flavour, version, role, memory, clients } = data;
  const facts = [
    flavour === "unknown" ? undefined : `${flavour} ${version ?? ""}`.trim(),
    role === null ? undefined : `role ${role}`,
    memory.policy === null ? undefined : `policy ${memory.policy}`,
    clients.connected === null ? undefined : `${clients.connected} clients`,
  ].filter((fact) => fact !== undefined);
  return [target, ...facts].join(", ");
}
