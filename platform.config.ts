export { default } from "./tools/sample-platform/platform.config.ts";
