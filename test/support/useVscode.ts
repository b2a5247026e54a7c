import { globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { launchBrowser, newPerson } from "./browser.ts";
import { temporaryDirectory } from "./cleanUp.ts";
import { type CodeServer, type CodeServerOptions, startCodeServer } from "./codeServer.ts";
import { keepEvidence } from "./evidence.ts";
import { type Hunted, LeakHunt } from "./leakHunt.ts";
import { resetWindow } from "./resetWindow.ts";
import { packagedExtension } from "./vsix.ts";
import { Workbench } from "./workbench.ts";

/** What a journey works with. */
export interface Vscode {
  readonly server: CodeServer;
  /** The person of the running test: a fresh browser profile for each test, unless `sharedWindow` is set. */
  readonly person: BrowserContext;
  /** Opens a window of that person; with `sharedWindow` it is the same for all tests. */
  openWorkbench(): Promise<Workbench>;
  /** Looks for leaks while the tests run, where the options tell what of. */
  hunt(): LeakHunt;
  /** Another person: a second browser profile, closed with the test. */
  anotherPerson(): Promise<BrowserContext>;
}

/** What only a separate server can have. */
export interface OwnServer extends Pick<CodeServerOptions, "env"> {
  /** Other extensions beside ours. */
  readonly vsix?: readonly string[];
  /** With VS Code's Chat, which needs its built-in extension. */
  readonly chat?: boolean;
}

/** What a journey needs of its VS Code. */
export interface VscodeOptions {
  /** User settings that each test begins with, on top of the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The folder that its windows show; none by default. */
  readonly folder?: string;
  /** What needs a separate server, which takes seconds to start. */
  readonly ownServer?: OwnServer;
  /**
   * The tests share a person and a window, which are reset before each. For tests that need neither a new person nor a
   * new window; opening one takes most of the time of a short test.
   */
  readonly sharedWindow?: boolean;
  /**
   * Fails a test after which a secret is anywhere but where it belongs, while the person is signed in or afterwards; see
   * leakHunt.ts.
   */
  readonly hunted?: Hunted;
  /** A separate browser; by default, all journeys share one. */
  readonly browser?: Browser;
  /** The origin of the server in that browser; its address by default. */
  readonly host?: string;
}

/** Test services listen at this address so that VS Code opens their pages without asking. */
export const trustedHost = "127.0.0.2";

/** The name of a service that only a proxy reaches; VS Code opens its pages without asking, too. */
export const proxiedHost = "sign-in.test";

/** The home of the Codex CLI in all journeys, so that this computer's own login is neither seen nor touched. */
const codexFolder = temporaryDirectory();
export const codexHome = join(codexFolder.path, "codex-home");

/** One Chromium for all files of a run: it starts with the first journey and ends with the last. */
let browser: Promise<Browser> | undefined;
/** One VS Code server for all journeys that need no separate one. */
let sharedServer: Promise<CodeServer> | undefined;
after(async () => {
  await (await browser)?.close();
  await (await sharedServer)?.stop();
  await codexFolder.remove();
});

function startServer({ env, vsix = [], chat = false }: OwnServer = {}): Promise<CodeServer> {
  return startCodeServer({
    vsix: [packagedExtension(), ...vsix],
    // VS Code's hundred built-in extensions take half of a window's time; only Chat needs more than these.
    ...(chat
      ? {}
      : { builtInExtensions: ["theme-defaults", "json", "json-language-features", "configuration-editing"] }),
    trustedDomains: [`http://${trustedHost}:*`, `https://${proxiedHost}`],
    env: { CODEX_HOME: codexHome, NODE_EXTRA_CA_CERTS: undefined, ...env },
  });
}

/**
 * A VS Code with the packaged extension for the tests of the surrounding `describe`. Each test begins with a fresh person
 * and these settings, and without a login of the Codex CLI. A failed test leaves screenshots of all tabs and the logs in
 * `out/failures`.
 * @param options called when the suite starts (an issuer's address may be in them)
 */
export function useVscode(options: () => VscodeOptions | Promise<VscodeOptions> = () => ({})): Vscode {
  let server: CodeServer | undefined;
  let wanted: VscodeOptions = {};
  const people: BrowserContext[] = [];
  let shared: Workbench | undefined;
  const hunt = useHunt();

  const anotherPerson = async () => {
    const person = await newPerson(wanted.browser ?? (await started(browser, "browser")));
    people.push(person);
    return person;
  };

  /** A window that cannot be reset is not shared: the next test opens a new one. */
  const leaveShared = async (error: unknown) => {
    process.stderr.write(`A window could not be put back: ${error}\n`);
    await keepEvidence(`put back ${new Date().toISOString()}`, people, started(server, "server").logs());
    shared = undefined;
    for (const person of people.splice(0)) await person.close();
  };

  before(async () => {
    browser ??= launchBrowser();
    wanted = await options();
    sharedServer = wanted.ownServer ? sharedServer : (sharedServer ?? startServer());
    const [running] = await Promise.all([wanted.ownServer ? startServer(wanted.ownServer) : sharedServer, browser]);
    if (running) server = wanted.host ? { ...running, origin: `http://${wanted.host}:${running.port}` } : running;
  });
  beforeEach(async () => {
    const settings = { "chat.disableAIFeatures": wanted.ownServer?.chat ? undefined : true, ...wanted.settings };
    if (shared) await resetWindow(shared, settings, trustedHost).catch(leaveShared);
    if (!shared) started(server, "server").resetSettings(settings);
    rmSync(codexHome, { recursive: true, force: true });
    mkdirSync(codexHome, { recursive: true });
    if (!shared) {
      forgetBrowsers(started(server, "server"));
      await hunt.begin(wanted, await anotherPerson(), started(server, "server"));
    }
  });
  afterEach(async function () {
    const test = this.currentTest;
    await hunt.end(test);
    if (test?.state === "failed") await keepEvidence(test.fullTitle(), people, started(server, "server").logs());
    // Nothing of a failed test is used again.
    const kept = test?.state === "passed" && shared ? 1 : 0;
    if (kept === 0) shared = undefined;
    for (const person of people.splice(kept)) await person.close();
  });
  after(async () => {
    for (const person of people.splice(0)) await person.close();
    if (wanted.ownServer) await server?.stop();
  });

  return {
    get server() {
      return started(server, "server");
    },
    get person() {
      return started(people[0], "person");
    },
    openWorkbench: async () => {
      const { folder, sharedWindow } = wanted;
      if (shared) return shared;
      const workbench = await Workbench.open(started(people[0], "person"), started(server, "server"), { folder });
      if (sharedWindow) shared = workbench;
      return workbench;
    },
    hunt: hunt.current,
    anotherPerson,
  };
}

/** The hunt for what the current person's windows leak, where the options want one. */
function useHunt() {
  let hunt: LeakHunt | undefined;
  let expected = false;
  after(() => hunt?.stop());
  return {
    current: () => started(hunt, "hunt"),
    async begin({ hunted }: VscodeOptions, person: BrowserContext, server: CodeServer) {
      hunt?.stop();
      expected = hunted?.leaksAreExpected ?? false;
      hunt = hunted && (await LeakHunt.start({ ...hunted, person, server }));
    },
    /** After a test. The hunt goes on in a window that tests share. */
    async end(test?: Mocha.Test) {
      if (test?.state === "passed" && !expected) await hunt?.assertNone();
    },
  };
}

/**
 * Removes what windows of earlier people have told each other through the server's disk. A window of another browser that
 * is opened within half a minute could not know that it is none of its own.
 */
function forgetBrowsers({ userDataDir }: CodeServer): void {
  const folder = join(userDataDir, "User", "globalStorage", "chatgpt-sign-in.chatgpt-sign-in");
  for (const name of globSync("storage-*", { cwd: folder })) rmSync(join(folder, name), { force: true });
}

function started<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new Error(`The ${name} has not been started yet`);
  return thing;
}
