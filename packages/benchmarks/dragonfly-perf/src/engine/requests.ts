import { keyDigits, type CommandPlan, type KeyPlan, type LoadPlan } from "./load-plan.ts";
import { createKeySampler, createRandom, weightedTable, type Random } from "./random.ts";

/** One request as bytes, with the places where the number of a key and random digits are written. */
interface Template {
  readonly command: number;
  readonly bytes: Buffer;
  readonly keyPlaces: readonly number[];
  readonly randomPlaces: readonly number[];
}

/** The requests of one connection, encoded beforehand; only keys are written anew for each batch. */
export interface Batch {
  /** The bytes to send: the same buffer again wherever all requests have one shape. */
  bytes: Buffer;
  /** Which command each request of the batch is, in order. */
  readonly commands: Uint16Array;
}

export interface RequestSource {
  createBatch(): Batch;
  /** Writes the next `count` requests into the batch. */
  fill(batch: Batch, count: number): void;
}

const randomDigits = 12;

/** Encodes the commands of a plan. Seeded: the same plan gives the same requests. */
export function createRequestSource({ commands, keys, pipeline, seed }: Pick<LoadPlan, "commands" | "keys" | "pipeline" | "seed">): RequestSource {
  const random = createRandom(seed);
  const nextKey = createKeySampler(keys, random);
  const { templates, weights } = encodeAll(commands, keys, random);
  const widest = Math.max(...templates.map(({ bytes }) => bytes.length));
  const patch = patcher(nextKey, keyDigits(keys), random);
  return templates.length === 1 ? uniformSource(templates[0]!, pipeline, patch) : mixedSource({ templates, table: weightedTable(weights, random), widest, pipeline, patch });
}

type Patch = (bytes: Buffer, template: Template, offset: number) => void;

function patcher(nextKey: () => number, digits: number, random: Random): Patch {
  return (bytes, { keyPlaces, randomPlaces }, offset) => {
    if (keyPlaces.length > 0) {
      // All places of one request name the same key.
      const key = nextKey();
      for (let place = 0; place < keyPlaces.length; place++) writeDigits(bytes, offset + keyPlaces[place]!, { value: key, digits });
    }
    for (let place = 0; place < randomPlaces.length; place++) writeDigits(bytes, offset + randomPlaces[place]!, { value: random(), digits: randomDigits });
  };
}

function writeDigits(bytes: Buffer, offset: number, { value, digits }: { readonly value: number; readonly digits: number }): void {
  let rest = value;
  for (let place = offset + digits - 1; place >= offset; place--) {
    // All values have at most 32 bits.
    const tenth = (rest / 10) >>> 0;
    bytes[place] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}

function uniformSource(template: Template, pipeline: number, patch: Patch): RequestSource {
  const size = template.bytes.length;
  const full = Buffer.concat(Array.from({ length: pipeline }, () => template.bytes));
  const changes = template.keyPlaces.length + template.randomPlaces.length > 0;
  return {
    // The buffer may be written again, because a batch is filled only when all its replies have come.
    createBatch: () => ({ bytes: Buffer.from(full), commands: new Uint16Array(pipeline).fill(template.command) }),
    fill: (batch, count) => {
      const length = count * size;
      if (batch.bytes.length !== length) batch.bytes = Buffer.from(full.subarray(0, length));
      if (changes) for (let offset = 0; offset < length; offset += size) patch(batch.bytes, template, offset);
    },
  };
}

interface Mixed {
  readonly templates: readonly Template[];
  readonly table: Uint16Array;
  readonly widest: number;
  readonly pipeline: number;
  readonly patch: Patch;
}

function mixedSource({ templates, table, widest, pipeline, patch }: Mixed): RequestSource {
  let position = 0;
  const storage = new WeakMap<Batch, Buffer>();
  return {
    createBatch: () => {
      const batch = { bytes: Buffer.alloc(0), commands: new Uint16Array(pipeline) };
      storage.set(batch, Buffer.allocUnsafe(widest * pipeline));
      return batch;
    },
    fill: (batch, count) => {
      const bytes = storage.get(batch)!;
      let offset = 0;
      for (let index = 0; index < count; index++) {
        const template = templates[table[(position = (position + 1) % table.length)]!]!;
        bytes.set(template.bytes, offset);
        patch(bytes, template, offset);
        batch.commands[index] = template.command;
        offset += template.bytes.length;
      }
      batch.bytes = bytes.subarray(0, offset);
    },
  };
}

function encodeAll(commands: readonly CommandPlan[], keys: KeyPlan, random: Random): { readonly templates: Template[]; readonly weights: number[] } {
  const [templates, weights]: [Template[], number[]] = [[], []];
  commands.forEach((command, index) => {
    const hasData = command.words.some((word) => word.includes("__data__"));
    const sizes = hasData ? command.sizes : [{ bytes: 0, weight: 1 }];
    const total = sizes.reduce((sum, { weight }) => sum + weight, 0);
    for (const { bytes, weight } of sizes) {
      templates.push(encode(command.words, { command: index, keys, data: randomText(bytes, random) }));
      weights.push((command.weight * weight) / total);
    }
  });
  return { templates, weights };
}

function encode(words: readonly string[], { command, keys, data }: { readonly command: number; readonly keys: KeyPlan; readonly data: string }): Template {
  const key = keys.prefix + "0".repeat(keyDigits(keys));
  const [keyPlaces, randomPlaces]: [number[], number[]] = [[], []];
  let text = `*${words.length}\r\n`;
  for (const word of words) {
    const parts = word.split(/(__key__|__data__|__rand__)/u);
    const filled = parts.map((part) => (part === "__key__" ? key : part === "__data__" ? data : part === "__rand__" ? "0".repeat(randomDigits) : part));
    text += `$${Buffer.byteLength(filled.join(""))}\r\n`;
    parts.forEach((part, index) => {
      if (part === "__key__") keyPlaces.push(Buffer.byteLength(text + keys.prefix));
      if (part === "__rand__") randomPlaces.push(Buffer.byteLength(text));
      text += filled[index]!;
    });
    text += "\r\n";
  }
  return { command, bytes: Buffer.from(text), keyPlaces, randomPlaces };
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

function randomText(bytes: number, random: Random): string {
  const data = Buffer.allocUnsafe(bytes);
  for (let index = 0; index < bytes; index++) data[index] = alphabet.charCodeAt(random() & 63);
  return data.toString("latin1");
}

/** The words of each request in a batch, for a client that encodes them itself. */
export function readRequests(bytes: Buffer): string[][] {
  const requests: string[][] = [];
  let at = 0;
  const number = (): number => {
    const end = bytes.indexOf(13, at);
    const value = Number(bytes.toString("latin1", at + 1, end));
    at = end + 2;
    return value;
  };
  while (at < bytes.length) {
    requests.push(
      Array.from({ length: number() }, () => {
        const length = number();
        at += length + 2;
        return bytes.toString("utf8", at - length - 2, at - 2);
      }),
    );
  }
  return requests;
}
