// A file for this line, because the syntax of start.cjs must be older.
void import("../start.mjs");
