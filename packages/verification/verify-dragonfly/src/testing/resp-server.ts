import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** The text after the type byte as RESP has it: "+OK", ":1", "$-1", "-ERR no", or a bulk string from `bulk`. */
export type Answer = (command: readonly string[]) => string;

/** Runs the test on a server that speaks RESP and answers as told; for flavours and faults that no installed server shows. */
export async function withRespServer<T>(answer: Answer, test: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((socket) => {
    let pending = "";
    socket.on("error", () => socket.destroy());
    socket.setEncoding("utf8").on("data", (data: string) => {
      const { commands, rest } = parseCommands(pending + data);
      pending = rest;
      for (const command of commands) socket.write(`${answer([command[0]!.toUpperCase(), ...command.slice(1)])}\r\n`);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await test(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}`;
}

/** Keeps keys as a server does, answers PING and takes every CLIENT command; a subscription is confirmed and nothing ever delivered. */
export function keeper(info: Readonly<Record<string, string>>): Answer {
  const keys = new Map<string, string>();
  const answers: Readonly<Record<string, (...args: readonly string[]) => string>> = {
    PING: () => "+PONG",
    CLIENT: () => "+OK",
    INFO: (section = "") => bulk(`# ${section}\r\n${info[section] ?? ""}\r\n`),
    CONFIG: (_, name = "") => `*2\r\n${bulk(name)}\r\n${bulk("")}`,
    SET: (key = "", value = "") => (keys.set(key, value), "+OK"),
    GET: (key = "") => (keys.has(key) ? bulk(keys.get(key) ?? "") : "$-1"),
    TTL: () => ":30",
    DEL: (key = "") => `:${Number(keys.delete(key))}`,
    SUBSCRIBE: (channel = "") => `*3\r\n${bulk("subscribe")}\r\n${bulk(channel)}\r\n:1`,
    PUBLISH: () => ":1",
  };
  return ([name = "", ...args]) => answers[name]?.(...args) ?? `-ERR unknown command '${name}'`;
}

function parseCommands(text: string): { readonly commands: string[][]; readonly rest: string } {
  const commands: string[][] = [];
  for (let rest = text; ; ) {
    const [head = "", count = "0"] = /^\*(\d+)\r\n/.exec(rest) ?? [];
    const [whole, ...words] = new RegExp(`^${"\\$\\d+\\r\\n([^\\r]*)\\r\\n".repeat(Number(count))}`).exec(rest.slice(head.length)) ?? [];
    if (head === "" || whole === undefined) return { commands, rest };
    commands.push(words);
    rest = rest.slice(head.length + whole.length);
  }
}
