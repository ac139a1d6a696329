#!/usr/bin/env -S node --
// Plain old syntax: this file must parse on any Node, to say which one is needed.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  process.stderr.write("run-migrations needs Node 22.18 or newer; this is " + process.versions.node + ".\n");
  process.exitCode = 2;
} else {
  require("../dist/launch.cjs");
}
