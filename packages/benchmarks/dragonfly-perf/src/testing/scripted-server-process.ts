// A scripted server in a process of its own, so that it and the engine do not wait for each other.
import { scriptedDelay, startScriptedServer } from "./scripted-server.ts";

process.once("message", (message) => {
  const { stallAt, stallMs } = message as { readonly stallAt: number; readonly stallMs: number };
  void startScriptedServer({ delayOf: scriptedDelay, stall: { atRequest: stallAt, ms: stallMs } }).then(({ port, lateness }) => {
    process.send?.(port);
    process.once("message", () => process.send?.(lateness()));
  });
});
process.once("disconnect", () => process.exit());
