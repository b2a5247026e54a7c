import { mkdirSync, writeFileSync } from "node:fs";
import type { Browser, BrowserContext } from "playwright-core";
import { launchBrowser, newPerson } from "./browser.ts";
import { type CodeServer, type CodeServerOptions, startCodeServer } from "./codeServer.ts";
import { projectPath } from "./projectRoot.ts";
import { packagedExtension } from "./vsix.ts";
import { Workbench } from "./workbench.ts";

/** What a journey has at hand. */
export interface Vscode {
  readonly server: CodeServer;
  /** The person of the running test: a fresh browser profile for each test. */
  readonly person: BrowserContext;
  /** Opens a window of that person. */
  openWorkbench(): Promise<Workbench>;
  /** Another person: a browser profile of its own, closed with the test. */
  anotherPerson(): Promise<BrowserContext>;
}

/** One Chromium for all files of a run: it starts with the first journey and ends with the last. */
let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

/**
 * Starts a VS Code with the packaged extension for the tests of the `describe` it is called in. Of a test that fails,
 * screenshots of all tabs and the logs are kept in `out/failures`.
 * @param options of the server, made when the suite starts (an issuer's address may be in them)
 */
export function useVscode(options: () => CodeServerOptions | Promise<CodeServerOptions> = () => ({})): Vscode {
  let server: CodeServer | undefined;
  let people: BrowserContext[] = [];

  const anotherPerson = async () => {
    const person = await newPerson(await started(browser, "browser"));
    people.push(person);
    return person;
  };

  before(async () => {
    browser ??= launchBrowser();
    [server] = await Promise.all([startCodeServer({ vsix: packagedExtension(), ...(await options()) }), browser]);
  });
  beforeEach(async () => {
    people = [];
    await anotherPerson();
  });
  afterEach(async function () {
    const test = this.currentTest;
    if (test?.state === "failed") await keepEvidence(test.fullTitle(), people, started(server, "server").logs());
    for (const person of people) await person.close();
  });
  after(async () => server?.stop());

  return {
    get server() {
      return started(server, "server");
    },
    get person() {
      return started(people[0], "person");
    },
    openWorkbench: () => Workbench.open(started(people[0], "person"), started(server, "server")),
    anotherPerson,
  };
}

function started<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new Error(`The ${name} has not been started yet`);
  return thing;
}

async function keepEvidence(title: string, people: readonly BrowserContext[], logs: string): Promise<void> {
  const folder = projectPath("out", "failures", title.replace(/\W+/g, "-").slice(0, 80));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/logs.txt`, logs);
  const pages = people.flatMap((person) => person.pages());
  // A tab that cannot be painted must not hide why the test failed.
  await Promise.allSettled(
    pages.map((page, index) => page.screenshot({ path: `${folder}/${index}.png`, timeout: 5000 })),
  );
  process.stderr.write(`Screenshots and logs: ${folder}\n`);
}
