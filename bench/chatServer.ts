// The service of the chat benchmark, in a separate process, so that its work is not counted as the reader's.
import { usualModels } from "../test/fakeApi/catalogue.ts";
import { startFakeApi } from "../test/fakeApi/fakeApi.ts";
import { polite } from "../test/fakeApi/wire.ts";

const deltas = Number(process.argv[2]);
const { fakeApi, origin } = await startFakeApi(usualModels);
// The floor's reader understands no more than this.
fakeApi.manners = polite;
fakeApi.usually(() => {
  // Remembering every request of a benchmark would fill the memory.
  fakeApi.records.length = 0;
  return { parts: [{ text: "word ".repeat(deltas), deltas }] };
});
process.stdout.write(`${origin}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
