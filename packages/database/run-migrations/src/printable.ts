export { printable } from "@org/logging";
