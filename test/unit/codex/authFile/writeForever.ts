// A process that writes tokens back into the auth.json named on its command line, again and again, until it is killed.
import { readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { writeBackTokens } from "../../../../src/codex/authFile/write.ts";

const path = process.argv[2];
if (!path) throw new Error("Usage: writeForever.ts <auth.json>");
for (let round = 1; ; round++) {
  const read = await readAuthFile(path);
  if (read.status !== "read") throw new Error(`cannot be read: ${read.status}`);
  const refreshToken = `rt.${round}-`.padEnd(20_000, String(round % 10));
  const result = await writeBackTokens(read, { refreshToken, refreshedAt: round });
  if (result.status !== "written") throw new Error(`not written: ${result.status}`);
  if (round === 1) process.stdout.write("writing\n");
}
