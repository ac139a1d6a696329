#!/usr/bin/env -S node --v8-pool-size=1 --max-semi-space-size=2 --
// Plain old syntax: this file must parse on any Node, to say which one is needed.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  process.stderr.write("run-migrations needs Node 22.18 or newer; this is " + process.versions.node + ".\n");
  process.exitCode = 2;
} else {
  require("../dist/launch.cjs");
}
