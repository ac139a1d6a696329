export { verifyExtensions } from "./script.ts";
export type { ExtensionsSeen, SeenExtension } from "./verify-extensions.ts";
