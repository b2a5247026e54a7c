import { mkdirSync, writeFileSync } from "node:fs";
import type { BrowserContext } from "playwright-core";
import { projectPath } from "./projectRoot.ts";

/** Keeps screenshots of all tabs and the logs of a failed test in `out/failures`. */
export async function keepEvidence(title: string, people: readonly BrowserContext[], logs: string): Promise<void> {
  const folder = projectPath("out", "failures", title.replace(/\W+/g, "-").slice(0, 80));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/logs.txt`, logs);
  const pages = people.flatMap((person) => person.pages());
  // A tab that cannot be captured must not hide why the test failed.
  await Promise.allSettled(
    pages.map((page, index) => page.screenshot({ path: `${folder}/${index}.png`, timeout: 5000 })),
  );
  process.stderr.write(`Screenshots and logs: ${folder}\n`);
}
