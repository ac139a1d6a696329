import type { CacheClient, CacheInfo } from "@org/cache";
import { ScriptError } from "@org/exit-codes";

/** More tags than any node needs: one that holds a single slot of 16,384 is found after as many on average. */
const mostTags = 200_000;
const tagsAtOnce = 500;

/**
 * A hash tag such as `{3}` whose slot this node of a cluster holds, so that all keys of a run lie on the node that is
 * measured; empty where there is no cluster. Throws ScriptError(configuration) for a node that holds no slot.
 */
export async function heldTag(client: CacheClient, info: CacheInfo): Promise<string> {
  if (info["cluster"]?.["cluster_enabled"]?.trim() !== "1") return "";
  const held = parseHeldSlots((await client.call("CLUSTER", "NODES")) as string);
  for (let from = 0; held.length > 0 && from < mostTags; from += tagsAtOnce) {
    const tags = Array.from({ length: tagsAtOnce }, (_, index) => `{${from + index}}`);
    const slots = await Promise.all(tags.map((tag) => client.call("CLUSTER", "KEYSLOT", tag) as Promise<number>));
    const place = slots.findIndex((slot) => held.some(([first, last]) => slot >= first && slot <= last));
    if (place >= 0) return tags[place]!;
  }
  throw new ScriptError("configuration", "the server is a node of a cluster and holds no slots: it would redirect every request", { hint: "Name a primary of the cluster that holds slots." });
}

/** The ranges of slots in the line of CLUSTER NODES that is about the node itself; those under way to another node are left out. */
export function parseHeldSlots(nodes: string): (readonly [first: number, last: number])[] {
  const own = nodes.split("\n").find((line) => /^\S+ \S+ \S*\bmyself\b/u.test(line)) ?? "";
  return own
    .trim()
    .split(" ")
    .slice(8)
    .flatMap((part) => {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/u.exec(part) ?? [];
      return first === undefined ? [] : [[Number(first), Number(last ?? first)] as const];
    });
}

/** Whether an error sends the request to another node, or says that the slot is on its way there. */
export function isRedirect(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/u.test(error.message);
}
