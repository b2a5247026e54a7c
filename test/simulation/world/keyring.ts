import type { FaultKind, Faults } from "./faults.ts";
import { refreshTokensIn } from "./grants.ts";
import type { Process } from "./process.ts";
import { World } from "./world.ts";

const getFaults: readonly FaultKind[] = ["getNothing", "getOlder", "getRejected", "getLate", "getHangs"];
const writeFaults: readonly FaultKind[] = [
  ...(["writeRejected", "writeRejectedDone", "writeLate", "writeHangs", "writeHangsDone", "writeLost"] as const),
];
const eventFaults: readonly FaultKind[] = ["eventLate", "eventTwice", "eventNever"];

type Listener = (event: { key: string }) => unknown;

/** The secrets as the process of a window sees them. */
type View = Map<string, string>;

/** A browser's late write has put back what its window had, in place of what other windows had stored since. */
interface Overwriting {
  /** What was stored, and is then; undefined where nothing is. */
  readonly lost: string | undefined;
  readonly kept: string | undefined;
}

/** After this time the product gives a write up, ms: see `limitSecrets`. */
const givenUpMs = 30_000;

/**
 * The computer's keyring, as VS Code's SecretStorage shows it to its windows. In a browser, each window has a copy from
 * when its page was loaded, hears of no other window's changes, and stores its whole copy with each change.
 */
export class Keyring {
  readonly values = new Map<string, string>();
  /** All that was ever really stored, by key, oldest first. */
  readonly history = new Map<string, (string | undefined)[]>();
  /**
   * What a browser has overwritten with writes of windows that were gone, or had given them up: nobody can prevent that, or
   * hear of it.
   */
  readonly overwritten: Overwriting[] = [];
  /** How often something was really stored or deleted. */
  writes = 0;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #isBrowser: boolean;
  readonly #listeners = new Map<Process, Set<Listener>>();
  readonly #views = new Map<Process, View>();

  constructor(world: World, faults: Faults, isBrowser: boolean) {
    this.#world = world;
    this.#faults = faults;
    this.#isBrowser = isBrowser;
  }

  /** A window's page is loaded. */
  open(process: Process): void {
    this.#views.set(process, this.#isBrowser ? new Map(this.values) : this.values);
  }

  /** The secrets as a window has them. @param hasKeys whether this VS Code lists the keys */
  secretsOf(process: Process, hasKeys: boolean) {
    const listeners = new Set<Listener>();
    this.#listeners.set(process, listeners);
    return {
      get: (key: string) => this.#get(process, key),
      store: (key: string, value: string) => this.#write(process, key, value),
      delete: (key: string) => this.#write(process, key, undefined),
      onDidChange: (listener: Listener) => {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
      ...(hasKeys && { keys: () => this.#keys() }),
    };
  }

  #get(process: Process, key: string): Promise<string | undefined> {
    const fault = this.#faults.draw(`${process.name} get ${shortOf(key)}`, getFaults);
    const read = () => this.#views.get(process)?.get(key);
    switch (fault) {
      case "getNothing":
        return this.#call(() => undefined);
      case "getOlder":
        return this.#call(() => this.history.get(key)?.at(-2) ?? read());
      case "getRejected":
        return this.#call(refuse);
      case "getLate":
        return this.#world.call(2_000 + 30_000 * this.#chance(key), read);
      case "getHangs":
        return this.#never(() => {});
      default:
        return this.#call(read);
    }
  }

  #keys(): Promise<string[]> {
    const fault = this.#faults.draw(`${World.process?.name} keys`, ["getRejected", "getHangs"]);
    if (fault === "getHangs") return this.#never(() => {});
    return this.#call(fault ? refuse : () => [...this.values.keys()].sort());
  }

  #write(process: Process, key: string, value: string | undefined): Promise<void> {
    const call = value === undefined ? "delete" : "store";
    const fault = this.#faults.draw(`${process.name} ${call} ${shortOf(key)}`, writeFaults);
    const begunAt = this.#world.now;
    const write = () => {
      const isGivenUp = !process.isAlive || this.#world.now - begunAt > givenUpMs;
      if (this.#isBrowser && isGivenUp) this.#noteOverwritten(process, key);
      this.#change(process, key, value);
    };
    switch (fault) {
      case "writeRejected":
        return this.#call(refuse);
      case "writeRejectedDone":
        return this.#call(() => {
          write();
          refuse();
        });
      case "writeLate":
        return this.#world.call(5_000 + 120_000 * this.#chance(key), write);
      case "writeHangs":
        return this.#never(() => {});
      case "writeHangsDone":
        return this.#never(write);
      case "writeLost":
        return this.#call(() => {});
      default:
        return this.#call(write);
    }
  }

  #change(by: Process, key: string, value: string | undefined): void {
    const view = this.#views.get(by) ?? this.values;
    if (value === undefined) view.delete(key);
    else view.set(key, value);
    this.writes += 1;
    this.#world.log(
      `${by.name}: ${shortOf(key)} is ${value === undefined ? "deleted" : `stored: ${summaryOf(value)}`}`,
    );
    if (this.#isBrowser) {
      this.#replaceAll(view);
      const own = this.#listeners.get(by);
      if (own) this.#tell(by, own, key);
      return;
    }
    this.#note(key, value);
    for (const [process, listeners] of this.#listeners) {
      if (process.isAlive) this.#tell(process, listeners, key);
      else this.#listeners.delete(process);
    }
  }

  /** Notes where a window's copy is behind what is stored, but for the secret that it is about to write. */
  #noteOverwritten(by: Process, key: string): void {
    const view = this.#views.get(by) ?? this.values;
    for (const name of new Set([...this.values.keys(), ...view.keys()])) {
      const [lost, kept] = [this.values.get(name), view.get(name)];
      if (lost !== kept) this.overwritten.push({ lost, kept: name === key ? undefined : kept });
    }
  }

  #replaceAll(view: View): void {
    for (const key of new Set([...this.values.keys(), ...view.keys()])) {
      if (this.values.get(key) !== view.get(key)) this.#note(key, view.get(key));
    }
    this.values.clear();
    for (const [key, value] of view) this.values.set(key, value);
  }

  #note(key: string, value: string | undefined): void {
    const past = this.history.get(key);
    if (past) past.push(value);
    else this.history.set(key, [value]);
  }

  #tell(process: Process, listeners: ReadonlySet<Listener>, key: string): void {
    const fault = this.#faults.draw(`${process.name} hears of ${shortOf(key)}`, eventFaults);
    if (fault === "eventNever") return;
    const tell = () => {
      for (const listener of [...listeners]) listener({ key });
    };
    const soon = 5 * this.#world.random.next();
    this.#world.after(fault === "eventLate" ? 1_000 + 60_000 * this.#chance(key) : soon, tell, process);
    if (fault === "eventTwice") this.#world.after(soon + 200, tell, process);
  }

  #call<T>(act: () => T): Promise<T> {
    return this.#world.call(0.5 + 10 * this.#world.random.next(), act);
  }

  #never(act: () => void): Promise<never> {
    void this.#call(act).catch(() => {});
    return new Promise(() => {});
  }

  #chance(key: string): number {
    return this.#faults.chance(`${key} ${this.#world.now}`);
  }
}

function refuse(): never {
  throw new Error("The keyring is locked");
}

/** What is stored, as a story tells it: its refresh tokens, and the times and numbers that tell which is newer. */
function summaryOf(value: string): string {
  const facts = value.match(/"(?:signedInAt|sequence|generation|left)":[\w.]+/g) ?? [];
  return [...refreshTokensIn(value).map((token) => token.slice(0, token.lastIndexOf("_"))), ...facts].join(" ");
}

/** A key's name for a story; the ids of accounts are long. */
function shortOf(key: string): string {
  return key.replace(/[0-9a-f]{16}/, (id) => id.slice(0, 4));
}
