import { expect, test } from "vitest";
import { parseInfo, serverFlavour } from "./index.ts";

const dragonfly = `# Server
redis_version:7.4.0
dragonfly_version:df-v1.27.1
redis_mode:standalone
arch_bits:64
os:Linux 6.1.0 x86_64
thread_count:4
multiplexing_api:iouring
tcp_port:6379

# Memory
used_memory:1234567
maxmemory:8589934592
maxmemory_human:8.00GiB
cache_mode:store

# Keyspace
db0:keys=3,expires=1,avg_ttl=-1
`.replaceAll("\n", "\r\n");

const valkey = `# Server
redis_version:7.2.4
server_name:valkey
valkey_version:8.1.1
valkey_release_stage:ga
executable:/usr/bin/valkey-server --port:1

# Modules
module:name=json,ver=10002

# CPU
used_cpu_sys:0.1
`;

test("reads sections and fields, whatever ends the lines", () => {
  expect(parseInfo(dragonfly)["memory"]).toEqual({ used_memory: "1234567", maxmemory: "8589934592", maxmemory_human: "8.00GiB", cache_mode: "store" });
  expect(Object.keys(parseInfo(dragonfly))).toEqual(["server", "memory", "keyspace"]);
  expect(parseInfo(valkey)["server"]?.["executable"]).toBe("/usr/bin/valkey-server --port:1");
});

test("is at home with lines it does not know", () => {
  const info = parseInfo("stray:1\n\nno field here\n#  Odd Section \n__proto__:x\nempty:\n:nothing\n# Server");
  expect(info[""]).toEqual({ stray: "1" });
  expect(Object.entries(info["odd section"] ?? {})).toEqual([["__proto__", "x"], ["empty", ""]]);
  expect(info["server"]).toEqual({});
  expect(parseInfo("")).toEqual({});
});

test.each([
  [dragonfly, { flavour: "dragonfly", version: "1.27.1" }],
  ["# Server\nredis_version:df-0.17.0\n", { flavour: "dragonfly", version: "0.17.0" }],
  [valkey, { flavour: "valkey", version: "8.1.1" }],
  ["# Server\nredis_version:7.0.15\n", { flavour: "redis", version: "7.0.15" }],
  ["# Server\nhello:1\n", { flavour: "unknown", version: undefined }],
  ["", { flavour: "unknown", version: undefined }],
])("tells the flavour (%#)", (text, expected) => {
  expect(serverFlavour(parseInfo(text))).toEqual(expected);
});
