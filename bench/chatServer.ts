// The service of the chat benchmark, in a process of its own so that its work is not counted as the reader's.
import { usualModels } from "../test/fakeApi/catalogue.ts";
import { startFakeApi } from "../test/fakeApi/fakeApi.ts";

const deltas = Number(process.argv[2]);
const { fakeApi, origin } = await startFakeApi(usualModels);
fakeApi.usually(() => {
  // Remembering every request of a benchmark would fill the memory.
  fakeApi.records.length = 0;
  return { parts: [{ text: "word ".repeat(deltas), deltas }] };
});
process.stdout.write(`${origin}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
