// Plain old syntax: Nx must be able to load this file on any Node, to say which one is needed.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  throw new Error(
    "Nx needs Node 22.18 or newer in this repository; this is " + process.versions.node +
      ". Enter through npx or npm (`npx nx ...`), which use the Node of node_modules.",
  );
}
module.exports = require("./src/index.ts");
