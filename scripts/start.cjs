// Usage: node scripts/start.cjs SCRIPT [ARGUMENTS…]. Old JavaScript only, so that a Node of any age can read this file and
// say that it is too old; newer syntax is in another file.
var version = process.versions.node;
var sentence =
  "This project needs Node.js 20 or newer, and this is Node.js " +
  version +
  ". Install a newer one from https://nodejs.org and run the command again.";
if (Number(version.split(".")[0]) < 20) {
  console.error(sentence);
  process.exitCode = 1;
} else {
  require("./lib/loadStart.cjs");
}
