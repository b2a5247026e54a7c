import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import type { Secret } from "../issuer/types.ts";
import type { CodeServer } from "./codeServer.ts";

/** Where the protocol needs a code and a state: on the way to the sign-in page and back. */
const protocolUrl = /\/(oauth\/authorize|auth\/callback|login|interaction)\b/;
const inProtocolUrls = new Set<Secret["kind"]>(["authorization_code", "state"]);

/** Collects what is shown, logged and stored while a journey runs, and looks for secrets in it. */
export class LeakHunt {
  readonly #context: BrowserContext;
  readonly #server: CodeServer;
  readonly #urls = new Set<string>();
  readonly #messages: string[] = [];
  readonly #snapshots: string[] = [];

  private constructor(context: BrowserContext, server: CodeServer) {
    this.#context = context;
    this.#server = server;
  }

  /** Starts to listen. Call it before the first window is opened. */
  static async start(context: BrowserContext, server: CodeServer): Promise<LeakHunt> {
    const hunt = new LeakHunt(context, server);
    context.on("request", (request) => hunt.#urls.add(request.url()));
    await context.exposeBinding("noteWebviewMessage", (_source, message: string) => {
      hunt.#messages.push(message);
    });
    // Only in the frames of a webview, which get the panel's messages but not those inside the workbench.
    await context.addInitScript({
      content: `if (window !== window.top)
        window.addEventListener("message", ({ data }) => noteWebviewMessage(JSON.stringify(data) ?? ""), true);`,
    });
    return hunt;
  }

  /** How many messages reached the panel's frames. */
  get messageCount(): number {
    return this.#messages.length;
  }

  /** Remembers everything that is shown now, in all tabs and frames. */
  async snapshot(): Promise<void> {
    for (const page of this.#context.pages()) {
      for (const frame of page.frames()) this.#snapshots.push(await frame.content().catch(() => ""));
    }
  }

  /**
   * Looks for the secrets everywhere.
   * @throws with the kind of the secret and its place, never its value
   */
  async assertNone(secrets: readonly Secret[], workbench: Page): Promise<void> {
    await this.snapshot();
    const places: [string, string][] = [
      ["the logs", this.#server.logs()],
      ["the settings", JSON.stringify(this.#server.readSettings())],
      ["a message to the panel", this.#messages.join("\n")],
      ["what was on the screen", this.#snapshots.join("\n")],
      ["the state of the workbench", await storedState(workbench)],
      ...filesBelow(this.#server.userDataDir),
    ];
    assert.ok(this.#urls.size > 0 && this.#snapshots.length > 0, "the hunt saw nothing");
    for (const { kind, value } of secrets) {
      for (const [place, text] of places) assert.ok(!text.includes(value), `a ${kind} is in ${place}`);
      for (const url of this.#urls) {
        const allowed = inProtocolUrls.has(kind) && protocolUrl.test(url);
        if (!allowed) assert.ok(!url.includes(value), `a ${kind} is in the URL of ${new URL(url).pathname}`);
      }
    }
  }
}

/** Every file that VS Code wrote, as text; the strings in databases are readable. Skips files removed meanwhile. */
export function filesBelow(directory: string): [string, string][] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).flatMap((name): [string, string][] => {
    try {
      const path = join(directory, name);
      return statSync(path).isFile() ? [[`the file ${name}`, readFileSync(path, "latin1")]] : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}

/** What the workbench stores in the browser, such as globalState. Secrets are there, too, but encrypted. */
async function storedState(page: Page): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        kept.push(JSON.stringify(await done(database.transaction(store).objectStore(store).getAll())));
      }
      database.close();
    }
    return kept.join("\\n");
  })()`);
}
