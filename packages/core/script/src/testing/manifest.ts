import type { Manifest } from "../manifest.ts";

export const testManifest: Manifest = {
  summary: "Probe the connection",
  target: "verify",
  after: [],
  services: ["postgres"],
  permission: "read",
  expected: "5s",
  timeout: "30s",
  report: "verification_report",
};
