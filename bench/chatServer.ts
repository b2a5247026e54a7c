// The service of the chat benchmark, in a process of its own so that its work is not counted as the reader's.
import { usualModels } from "../test/standIn/catalogue.ts";
import { startStandIn } from "../test/standIn/standIn.ts";

const deltas = Number(process.argv[2]);
const { standIn, origin } = await startStandIn(usualModels);
standIn.usually(() => {
  // Remembering every request of a benchmark would fill the memory.
  standIn.records.length = 0;
  return { parts: [{ text: "word ".repeat(deltas), deltas }] };
});
process.stdout.write(`${origin}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
