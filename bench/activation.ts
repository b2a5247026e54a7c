import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureCodeServer } from "../scripts/lib/toolchain.mjs";
import { launchBrowser, newPerson } from "../test/support/browser.ts";
import { temporaryDirectory } from "../test/support/cleanUp.ts";
import { startCodeServer } from "../test/support/codeServer.ts";
import { projectPath } from "../test/support/projectRoot.ts";
import { within } from "../test/support/timing.ts";
import { median, ms, type Row } from "./table.ts";

const samples = 9;
const mark = "[bench] ";

/** The smallest possible sign-in extension: its registrations, with no code behind them. */
const emptySignIn = `const vscode = require("vscode");
exports.activate = (context) => {
  const channel = vscode.window.createOutputChannel("Empty", { log: true });
  const sessions = new vscode.EventEmitter();
  const provider = { onDidChangeSessions: sessions.event, getSessions: async () => [], createSession() {}, removeSession() {} };
  context.subscriptions.push(channel, vscode.authentication.registerAuthenticationProvider("empty", "Empty", provider));
  const item = vscode.window.createStatusBarItem("empty");
  item.text = "Empty";
  context.subscriptions.push(item, context.secrets.onDidChange(() => {}));
  for (const name of ["a", "b", "c"]) context.subscriptions.push(vscode.commands.registerCommand("empty." + name, () => {}));
};`;

/** Runs in the extension host: activates the extensions in random order and reports how long each took. */
const timer = `const vscode = require("vscode");
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
/** Waits until the host is idle after its start: a second in which all timers are on time. */
const rest = async () => {
  for (let calm = 0; calm < 50; ) {
    const started = performance.now();
    await turn();
    calm = performance.now() - started < 23 ? calm + 1 : 0;
  }
};
exports.run = async () => {
  await rest();
  await vscode.extensions.getExtension("bench.warm-up").activate();
  const ids = IDS.map((id) => [Math.random(), id]).sort().map(([, id]) => id);
  const times = {};
  for (const id of ids) {
    await rest();
    const extension = vscode.extensions.getExtension(id);
    if (extension.isActive) throw new Error(id + " is active already");
    await extension.activate();
    times[id] = globalThis.benchTimes[id];
  }
  console.log("${mark}" + JSON.stringify(times));
};`;

/**
 * Replaces an extension's entry point: loads and calls the real one, and records how long both took, without the host's
 * own work.
 */
const stopwatch = (id: string, main: string) => `const started = performance.now();
const real = require(${JSON.stringify(main)});
const loading = performance.now() - started;
exports.activate = async (context) => {
  const called = performance.now();
  const api = await real.activate(context);
  (globalThis.benchTimes ??= {})[${JSON.stringify(id)}] = loading + (performance.now() - called);
  return api;
};
exports.deactivate = () => real.deactivate?.();`;

const ours = "chatgpt-sign-in.chatgpt-sign-in";
const github = "vscode.github-authentication";
const empty = "bench.empty-sign-in";

/**
 * How long `activate()` takes, with loading, in the real extension host: ours, VS Code's GitHub sign-in and an empty
 * sign-in extension, all three in each of several fresh hosts.
 */
export async function benchActivation(): Promise<Row[]> {
  const folder = temporaryDirectory();
  const builtin = join(folder.path, "builtin");
  await layOut(builtin);
  const testsPath = join(folder.path, "timer.cjs");
  await writeFile(testsPath, timer.replace("IDS", JSON.stringify([ours, github, empty])));
  const server = await startCodeServer({
    extraArgs: ["--vscode-option", "enable-smoke-test-driver", "--builtin-extensions-dir", builtin],
  });
  const browser = await launchBrowser();
  const times: Record<string, number[]> = { [ours]: [], [github]: [], [empty]: [] };
  try {
    for (let sample = 0; sample < samples; sample += 1) {
      const measured = await within(60_000, "No times came", sampleOnce());
      for (const [id, time] of Object.entries(measured)) times[id]?.push(time);
    }
  } finally {
    await browser.close();
    await server.stop();
    await folder.remove();
  }
  const [own, other, floor] = [median(times[ours] ?? []), median(times[github] ?? []), median(times[empty] ?? [])];
  return [
    {
      what: "activation, of github-authentication's",
      ours: ms(own),
      floor: `github ${ms(other)}`,
      value: own / other,
      limit: 0.25,
    },
    {
      what: "activation, of an empty sign-in extension's",
      ours: ms(own),
      floor: `empty ${ms(floor)}`,
      value: own / floor,
      limit: 5,
    },
  ];

  async function sampleOnce(): Promise<Record<string, number>> {
    const person = await newPerson(browser);
    const page = await person.newPage();
    const said = Promise.withResolvers<Record<string, number>>();
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
      const text = String(args[0]);
      if (text.startsWith(mark)) said.resolve(JSON.parse(text.slice(mark.length)));
    });
    await page.exposeFunction("codeAutomationExit", (code: number) => {
      if (code !== 0) said.reject(new Error("The extension host could not time the extensions"));
    });
    const remote = (path: string) => `vscode-remote://127.0.0.1:${server.port}${path}`;
    const payload = [
      ["extensionDevelopmentPath", remote(join(builtin, "warm-up"))],
      ["extensionTestsPath", remote(testsPath)],
      ["skipWelcome", "true"],
    ];
    await page.goto(`${server.origin}/?payload=${encodeURIComponent(JSON.stringify(payload))}`);
    try {
      return await said.promise;
    } finally {
      await person.close();
    }
  }
}

/** Creates a folder of built-in extensions with the three, and with one that warms the host up. */
async function layOut(builtin: string): Promise<void> {
  const write = async (name: string, manifest: object, code: string) => {
    await mkdir(join(builtin, name), { recursive: true });
    const common = { name, publisher: "bench", version: "1.0.0", engines: { vscode: "*" }, main: "./main.js" };
    await writeFile(join(builtin, name, "package.json"), JSON.stringify({ ...common, ...manifest }));
    await writeFile(join(builtin, name, "main.js"), code);
  };
  /** Puts a stopwatch before the entry point of the extension in `name`. */
  const time = async (id: string, name: string, manifest: { main: string }) => {
    const main = JSON.stringify({ ...manifest, main: "./stopwatch.cjs" });
    await writeFile(join(builtin, name, "package.json"), main);
    await writeFile(join(builtin, name, "stopwatch.cjs"), stopwatch(id, manifest.main));
  };
  await write("warm-up", {}, "exports.activate = () => {};");
  await write("empty-sign-in", { contributes: { authentication: [{ id: "empty", label: "Empty" }] } }, emptySignIn);
  await time(
    empty,
    "empty-sign-in",
    JSON.parse(await readFile(join(builtin, "empty-sign-in", "package.json"), "utf8")),
  );

  const extensions = join(dirname(ensureCodeServer()), "..", "..", "lib", "vscode", "extensions");
  // With its contribution, VS Code would activate it before it can be timed.
  await cp(join(extensions, "github-authentication"), join(builtin, "github-authentication"), { recursive: true });
  const manifestPath = join(builtin, "github-authentication", "package.json");
  const manifest = JSON.parse(await readFile(manifestPath, "utf8"));
  delete manifest.contributes.authentication;
  await time(github, "github-authentication", { ...manifest, activationEvents: [] });

  await mkdir(join(builtin, "chatgpt-sign-in"));
  for (const name of ["dist", "l10n", "media", "package.nls.json"]) {
    await symlink(projectPath(name), join(builtin, "chatgpt-sign-in", name));
  }
  await time(ours, "chatgpt-sign-in", JSON.parse(await readFile(projectPath("package.json"), "utf8")));
}
