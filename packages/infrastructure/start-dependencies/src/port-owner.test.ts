import { freePort, startProcess } from "@org/testkit";
import { expect, test } from "vitest";
import { isPortBusy, portOwner, refuseBusyPort } from "./port-owner.ts";
import { postgres } from "./postgres-service.ts";

test.each(["127.0.0.1", "0.0.0.0", "::"])("a listener on %s owns the port", async (host) => {
  const port = await freePort();
  const listener = startProcess(process.execPath, ["-e", `require("net").createServer().listen(${port}, ${JSON.stringify(host)}, () => console.log("up"))`]);
  await listener.output(/up/);
  expect(await isPortBusy(port)).toBe(true);
  expect(await portOwner(port)).toMatchObject({ pid: listener.pid, command: expect.stringContaining("createServer") as string });
  await expect(refuseBusyPort(postgres, port)).rejects.toMatchObject({ code: "dependency", message: expect.stringContaining(`process ${listener.pid} (`) as string, hint: expect.stringContaining("--postgres-port") as string });
  listener.kill("SIGKILL");
  await listener.done;
  expect(await isPortBusy(port)).toBe(false);
  expect(await portOwner(port)).toBeUndefined();
  await refuseBusyPort(postgres, port);
});
