// One comparison as a process of its own: reads two databases side by side and prints how long it took and what it needed.
import { withClient } from "@org/postgres";
import { compareSnapshots, readCatalogs, toSnapshot, type Snapshot, type SnapshotScope } from "@org/postgres/schema";

const scope: SnapshotScope = { stateSchema: "platform", inCommon: new Map() };
const [expected, found] = (await Promise.all(process.argv.slice(2).map(read))) as [Snapshot, Snapshot];
const { differences } = compareSnapshots(expected, found);

process.stdout.write(JSON.stringify({ facts: found.facts.length, differences: differences.length, peakBytes: process.resourceUsage().maxRSS * 1024 }));

async function read(url: string): Promise<Snapshot> {
  return withClient({ url, applicationName: "bench", readOnly: true, statementTimeoutMs: 60_000 }, async (client) => toSnapshot(await readCatalogs(client, scope)));
}
