// Loaded by start.cjs, whose syntax must be older than this one line.
import("../start.mjs");
