import { expect, test } from "vitest";
import { keyName, type CommandPlan, type Distribution, type KeyPlan } from "./load-plan.ts";
import { createKeySampler, createRandom } from "./random.ts";
import { createRequestSource } from "./requests.ts";

const keys: KeyPlan = { prefix: "päfix:", count: 1000, distribution: "uniform", exponent: 1, deviation: 0.1, first: 0, step: 1 };
const set: CommandPlan = { name: "SET", weight: 1, words: ["SET", "__key__", "__data__"], sizes: [{ bytes: 3, weight: 1 }], expect: { kinds: ["status"], nullIsMiss: false } };
const get: CommandPlan = { ...set, name: "GET", weight: 3, words: ["GET", "__key__"] };

function requests(commands: readonly CommandPlan[], pipeline: number): string[][] {
  const source = createRequestSource({ commands, keys, pipeline, seed: 3 });
  const batch = source.createBatch();
  source.fill(batch, pipeline);
  return batch.bytes
    .toString()
    .split(/(?=\*\d+\r\n)/u)
    .map((request) => {
      const [head, ...rest] = request.trimEnd().split("\r\n");
      const words = rest.filter((_, index) => index % 2 === 1);
      expect(head).toBe(`*${words.length}`);
      words.forEach((word, index) => expect(rest[index * 2]).toBe(`$${Buffer.byteLength(word)}`));
      return words;
    });
}

test("encodes whole requests whose keys are those of the preload", () => {
  const made = requests([set], 50);
  expect(made).toHaveLength(50);
  for (const [command, key, data] of made) expect([command, /^päfix:\d{3}$/u.test(key!), data!.length]).toEqual(["SET", true, 3]);
  expect(new Set(made.map(([, key]) => key)).size).toBeGreaterThan(40);
  expect(keyName(keys, 7)).toBe("päfix:007");
});

test("names one key in all places of a request, and fresh digits for each __rand__", () => {
  const [words] = requests([{ ...set, words: ["CMD", "__key__", "{__key__}:x", "f:__rand__", "__rand__"] }], 1);
  expect(words![2]).toBe(`{${words![1]}}:x`);
  expect(words![3]!.slice(2)).not.toBe(words![4]);
  expect(words![4]).toMatch(/^\d{12}$/u);
});

test("mixes commands and sizes by their weights", () => {
  const made = requests([{ ...set, sizes: [{ bytes: 10, weight: 1 }, { bytes: 20, weight: 1 }] }, get], 4000);
  const count = (test: (words: string[]) => boolean): number => made.filter(test).length;
  expect(count(([name]) => name === "GET")).toBeGreaterThan(2950);
  expect(count(([name]) => name === "GET")).toBeLessThan(3050);
  expect(count(([, , data]) => data?.length === 20)).toBeGreaterThan(450);
});

test("the same seed gives the same requests", () => {
  expect(requests([set, get], 20)).toEqual(requests([set, get], 20));
});

function draws(distribution: Distribution, options: Partial<KeyPlan> = {}): number[] {
  const next = createKeySampler({ ...keys, distribution, ...options }, createRandom(5));
  return Array.from({ length: 20_000 }, next);
}

test("uniform reaches every key, sequential walks them in order and in steps", () => {
  expect(new Set(draws("uniform")).size).toBe(1000);
  expect(draws("sequential").slice(0, 3)).toEqual([0, 1, 2]);
  expect(draws("sequential", { first: 1, step: 400 }).slice(0, 4)).toEqual([1, 401, 801, 1]);
});

test("zipf follows the ranks, gaussian its deviation", () => {
  const popular = draws("zipf").filter((key) => key === 0).length / 20_000;
  // 1 / (1 + 1/2 + ... + 1/1000)
  expect(popular).toBeCloseTo(0.1336, 1);
  const near = draws("gaussian").filter((key) => Math.abs(key - 500) < 100).length / 20_000;
  expect(near).toBeCloseTo(0.683, 1);
});
