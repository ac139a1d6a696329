import type { Report } from "@org/script";
import type { ExtensionsSeen } from "./verify-extensions.ts";

/** The extensions that are installed, one a line. */
export function renderExtensions({ data }: Report<ExtensionsSeen>): string {
  return (data?.installed ?? []).map(({ name, version, schema }) => `${name} ${version} in ${schema}`).join("\n");
}
