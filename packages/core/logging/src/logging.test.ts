import { createRedactor } from "@org/env";
import { expect, test } from "vitest";
import { createLogger, silentLogger, type LoggerOptions } from "./index.ts";

function capture(options: Partial<LoggerOptions> = {}): { logger: ReturnType<typeof createLogger>; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({
    script: "verify_connection",
    level: "info",
    format: "text",
    color: false,
    write: (line) => lines.push(line),
    redact: createRedactor(["hunter22"]),
    now: () => new Date(2025, 5, 17, 10, 30, 0),
    ...options,
  });
  return { logger, lines };
}

test("a line has exactly the documented format", () => {
  const { logger, lines } = capture();
  logger.info("Message");
  logger.error("Error details");
  expect(lines).toEqual([
    "[2025-06-17 10:30:00] [INFO] [verify_connection] Message\n",
    "[2025-06-17 10:30:00] [ERROR] [verify_connection] Error details\n",
  ]);
});

test("levels below the lowest are not written", () => {
  const { logger, lines } = capture({ level: "warning" });
  logger.debug("d");
  logger.info("i");
  logger.warning("w");
  expect(lines).toEqual(["[2025-06-17 10:30:00] [WARNING] [verify_connection] w\n"]);
});

test("JSON lines hold time in UTC, level, script, message and fields", () => {
  const { logger, lines } = capture({ format: "json" });
  logger.info("Connected", { durationMs: 12 });
  expect(JSON.parse(lines[0]!)).toEqual({
    time: new Date(2025, 5, 17, 10, 30, 0).toISOString(),
    level: "INFO",
    script: "verify_connection",
    message: "Connected",
    durationMs: 12,
  });
});

test("secrets are redacted in messages and fields", () => {
  const text = capture();
  text.logger.info("login with hunter22 at postgres://bob:geheim@h/d");
  const json = capture({ format: "json" });
  json.logger.info("x", { url: "redis://:hunter22@h", password: "x" });
  expect(text.lines[0]).toContain("login with *** at postgres://bob:***@h/d");
  expect(json.lines[0]).not.toContain("hunter22");
  expect(() => JSON.parse(json.lines[0]!) as unknown).not.toThrow();
});

test("a message cannot forge an entry or move the terminal", () => {
  const { logger, lines } = capture();
  logger.info("table a\n[2025-06-17 10:30:00] [INFO] [verify_connection] all fine\u001b[2J");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe(
    "[2025-06-17 10:30:00] [INFO] [verify_connection] [2025-06-17 10:30:00] [INFO] [verify_connection] all fine\\x1b[2J\n",
  );
});

test("colour marks the level only", () => {
  const { logger, lines } = capture({ color: true });
  logger.error("x");
  expect(lines[0]).toBe("[2025-06-17 10:30:00] [\u001b[31mERROR\u001b[39m] [verify_connection] x\n");
});

test("the silent logger takes everything", () => {
  expect(silentLogger.error("x")).toBeUndefined();
});
