// Usage: node scripts/start.cjs SCRIPT [ARGUMENTS…]. Written so that even a very old Node can say that it is too old.
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    "This project needs Node.js 20 or newer, and this is Node.js " +
      process.versions.node +
      ". Install a newer one from https://nodejs.org and run the command again.",
  );
  process.exitCode = 1;
} else {
  import("./start.mjs");
}
