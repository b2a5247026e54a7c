import assert from "node:assert/strict";
import { type ChannelListener, subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync, statSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import type { Secret } from "../issuer/types.ts";
import type { CodeServer } from "./codeServer.ts";
import { filesBelow } from "./filesBelow.ts";
import { installRecorder, type Note, type Recorder } from "./leaks/recorder.ts";
import { type Leak, SecretSearch } from "./leaks/secretForms.ts";

/** Where the protocol needs a code and a state: on the way to the sign-in page and back. */
const protocolUrl = /\/(oauth\/authorize|(?:device)?auth\/callback|login|interaction)\b/;
const inProtocolUrls = new Set<Secret["kind"]>(["authorization_code", "state"]);

/** What a hunt is for. */
export interface Hunted {
  /** The secrets so far; asked each time when it looks. */
  readonly secrets: () => readonly Secret[];
  /** Secrets that are shown to the person on purpose, such as a device code: on the screen and in messages to it. */
  readonly shown?: readonly Secret["kind"][];
  /** No test fails by itself because of a leak: it looks for planted ones. */
  readonly leaksAreExpected?: boolean;
}

interface LeakHuntOptions extends Hunted {
  readonly person: BrowserContext;
  readonly server: CodeServer;
}

/** Collects what is shown, said, logged, requested and stored while a journey runs, and looks for secrets in it. */
export class LeakHunt {
  readonly #options: LeakHuntOptions;
  readonly #recorder: Recorder;
  /** What was not looked at yet, and what was: a secret may be known later than where it has leaked. */
  readonly #notes: Note[] = [];
  readonly #searched = new Map<string, Note>();
  #known: readonly Secret[] = [];
  readonly #leaks = new Map<string, Leak>();
  readonly #seen = new Set<string>();
  /** The requests that our services get, of the browser and of the extension host. */
  readonly #onServed: ChannelListener = (message) => {
    const { request } = message as { request: IncomingMessage };
    this.#notes.push({ place: "served", text: `http://${request.headers.host}${request.url}` });
  };

  private constructor(options: LeakHuntOptions) {
    this.#options = options;
    const { extensionsDir, userDataDir } = options.server;
    this.#recorder = installRecorder(extensionsDir, join(dirname(userDataDir), "recorded"));
  }

  /** Starts to listen. Call it before the first window is opened. */
  static async start(options: LeakHuntOptions): Promise<LeakHunt> {
    const hunt = new LeakHunt(options);
    const { person } = options;
    const note = (place: string, text: string) => void hunt.#notes.push({ place, text });
    subscribe("http.server.request.start", hunt.#onServed);
    person.on("close", () => hunt.stop());
    person.on("request", (request) => note("requested by the browser", request.url()));
    person.on("console", (message) => note("the console of the browser", message.text()));
    const watchAddress = (page: Page) => page.on("framenavigated", (frame) => note("address", frame.url()));
    for (const page of person.pages()) watchAddress(page);
    person.on("page", watchAddress);
    await person.exposeBinding("noteWebviewMessage", (_source, place: string, text: string) => note(place, text));
    await person.addInitScript({ content: watchFrames });
    return hunt;
  }

  /** Ends listening; the person's browser does it as well when it is closed. */
  stop(): void {
    unsubscribe("http.server.request.start", this.#onServed);
  }

  /** The places in which it has looked so far, for tests to be sure that it did. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  /** The leaks so far. */
  get leaks(): readonly Leak[] {
    return [...this.#leaks.values()];
  }

  /** Looks at everything that is shown and stored now, and at what was said, logged and requested since the last time. */
  async look(): Promise<void> {
    const { server, secrets } = this.#options;
    this.#notes.push(...(await this.#shown()), ...this.#recorder.read());
    const files = textsBelow(server.userDataDir);
    files.push({ place: "the logs", text: server.logs() });
    const all = secrets();
    const known = new Set(this.#known.map(({ value }) => value));
    this.#search(
      all.filter(({ value }) => !known.has(value)),
      [...this.#searched.values()],
    );
    const fresh = this.#notes.splice(0).filter(({ place, text }) => !this.#searched.has(`${place}\n${text}`));
    this.#search(all, [...fresh, ...files]);
    for (const note of fresh) this.#searched.set(`${note.place}\n${note.text}`, note);
    for (const { place } of [...fresh, ...files]) this.#seen.add(place);
    this.#known = all;
  }

  /** What is on the screen, in the address bars and in the stores of the browser now. */
  async #shown(): Promise<Note[]> {
    const { person, server } = this.#options;
    const notes: Note[] = [{ place: "the settings", text: JSON.stringify(server.readSettings()) }];
    for (const page of person.pages()) {
      notes.push({ place: "address", text: page.url() });
      for (const frame of page.frames()) {
        // Chromium's own page about a failure says which address it is about.
        if (frame.url().startsWith("chrome-error:")) continue;
        notes.push({ place: "what is on the screen", text: await frame.content().catch(() => "") });
      }
    }
    const workbench = person.pages().find((page) => page.url().startsWith(server.origin));
    if (workbench) notes.push({ place: "the state of the workbench", text: await storedState(workbench) });
    return notes;
  }

  /**
   * Looks once more.
   * @throws with the kinds of all secrets that were found since the start, and their places, never their values
   */
  async assertNone(): Promise<void> {
    await this.look();
    const found = this.leaks.map(({ kind, place }) => `a ${kind} is in ${place}`);
    assert.deepEqual(found, []);
  }

  #search(secrets: readonly Secret[], notes: readonly Note[]): void {
    const search = new SecretSearch(secrets);
    for (const { place, text } of secrets.length > 0 ? notes : []) {
      for (const kind of search.kindsIn(text)) {
        if (this.#isAllowed(kind, place, text)) continue;
        const where = isUrl(place) ? `${place}: ${URL.parse(text)?.pathname ?? "no URL"}` : place;
        this.#leaks.set(`${kind} ${where}`, { kind, place: where });
      }
    }
  }

  #isAllowed(kind: Secret["kind"], place: string, text: string): boolean {
    if (isUrl(place)) return inProtocolUrls.has(kind) && protocolUrl.test(URL.parse(text)?.pathname ?? "");
    const isShown = place === "what is on the screen" || place.startsWith("a message to ");
    return isShown && (this.#options.shown ?? []).includes(kind);
  }
}

const isUrl = (place: string) => ["address", "requested", "requested by the browser", "served"].includes(place);

/**
 * Notes what VS Code's page around the panel and the workbench tell each other, in both directions. In the frames of a
 * webview only, not inside the workbench.
 */
const watchFrames = `if (window !== window.top) {
  const note = (place, data) => void noteWebviewMessage(place, JSON.stringify(data) ?? "");
  const { get: dataOf } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
  Object.defineProperty(MessageEvent.prototype, "data", {
    configurable: true,
    get() {
      const data = dataOf.call(this);
      note("a message to a frame", data);
      return data;
    },
  });
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (...args) {
    note("a message from a frame", args[0]);
    return postMessage.apply(this, args);
  };
}`;

/** Every file that VS Code wrote, as text; the strings in databases are readable. Skips files removed meanwhile. */
function textsBelow(directory: string): { place: string; text: string }[] {
  return [...filesBelow(directory)].flatMap((name) => {
    try {
      const path = join(directory, name);
      return statSync(path).isFile() ? [{ place: `the file ${name}`, text: readFileSync(path, "latin1") }] : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}

/** What the workbench stores in the browser, such as globalState. Secrets are there, too, but encrypted. */
export async function storedState(page: Page): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const text = (value) =>
      value instanceof ArrayBuffer || ArrayBuffer.isView(value)
        ? new TextDecoder("latin1").decode(value)
        : JSON.stringify(value) ?? "";
    const kept = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const [keys, values] = [database.transaction(store).objectStore(store).getAllKeys(), database.transaction(store).objectStore(store).getAll()];
        kept.push(...(await done(keys)).map(text), ...(await done(values)).map(text));
      }
      database.close();
    }
    return kept.join("\\n");
  })()`);
}
