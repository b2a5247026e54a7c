import type { Account, AccountsState } from "../../src/account/state.ts";
import { CodexPeople } from "./codexPeople.ts";
import { violations } from "./invariants.ts";
import { Operations } from "./operations.ts";
import { People, personOf } from "./people.ts";
import type { Played, Shown } from "./played.ts";
import type { Finding } from "./rules.ts";
import type { Step, Story } from "./story.ts";
import { codexHome } from "./world/codexLogin.ts";
import { Faults, type Hits } from "./world/faults.ts";
import { InstalledCodex } from "./world/installedCodex.ts";
import { Issuer } from "./world/issuer.ts";
import { Keyring } from "./world/keyring.ts";
import { playing } from "./world/playing.ts";
import { SharedFolder } from "./world/sharedFolder.ts";
import { type Services, type Surroundings, Window } from "./world/window.ts";
import { EndlessActivity, World } from "./world/world.ts";

export interface Outcome {
  readonly findings: readonly Finding[];
  readonly hits: Hits;
  readonly lines: readonly string[];
}

const minute = 60_000;
/** Everything that a person began has ended by then. */
const longestOperation = 30 * minute;

/** What goes when somebody cleans up. */
const cleaned = {
  locks: (name: string) => name.includes(".lock"),
  notes: (name: string) => name.endsWith(".json"),
  everything: () => true,
};

/** Plays a story and checks it. */
export async function play(story: Story, isVerbose = false): Promise<Outcome> {
  const stage = new Stage(story, isVerbose);
  playing.world = stage.world;
  playing.folder = stage.folder;
  playing.codex = stage.codex;
  const onUnhandled = (reason: unknown) => stage.world.unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  try {
    const played = await stage.play();
    return { findings: violations(played), hits: stage.faults.hits, lines: stage.world.lines };
  } finally {
    process.off("unhandledRejection", onUnhandled);
    playing.world = undefined;
    playing.folder = undefined;
    playing.codex = undefined;
  }
}

class Stage {
  readonly world: World;
  readonly faults: Faults;
  readonly folder: SharedFolder;
  readonly #story: Story;
  readonly #keyring: Keyring;
  readonly #issuer: Issuer;
  readonly #operations: Operations;
  readonly #people: People;
  readonly codex: InstalledCodex | undefined;
  readonly #codexPeople: CodexPeople | undefined;
  readonly #around: Surroundings;
  readonly #windows = new Map<string, Window>();
  readonly #opened = new Map<string, number>();
  readonly #shown: Shown[] = [];
  #calmAt = 0;
  #quietWrites = 0;

  constructor(story: Story, isVerbose: boolean) {
    this.#story = story;
    const world = new World(story.seed, isVerbose);
    this.world = world;
    this.faults = new Faults(world, story.weather, story.faults);
    this.folder = new SharedFolder(world, this.faults);
    this.#keyring = new Keyring(world, this.faults, story.isBrowser === true);
    this.#issuer = new Issuer(world, this.faults);
    this.#operations = new Operations(world);
    this.#people = new People({
      ...{ world, issuer: this.#issuer, keyring: this.#keyring, operations: this.#operations },
    });
    this.#around = {
      ...{ world, keyring: this.#keyring, issuer: this.#issuer, hasKeys: story.hasKeys },
      isBrowser: story.isBrowser === true,
      isCodex: story.isCodex === true,
      memory: new Map(),
      onState: (window, state) => this.#show(window, state),
    };
    if (story.isCodex) {
      const { folder, faults } = this;
      const codex = new InstalledCodex({ world, faults, folder, issuer: this.#issuer });
      this.codex = codex;
      const [operations, people] = [this.#operations, this.#people];
      this.#codexPeople = new CodexPeople({ world, folder, codex, issuer: this.#issuer, operations, people });
    }
    world.onEnd = (process) => {
      this.#operations.windowEnded(process.name);
      this.codex?.onEnd(process);
    };
  }

  async play(): Promise<Played> {
    let isEndless = false;
    try {
      for (const step of this.#story.steps) {
        await this.world.run(this.world.now + step.after);
        this.world.log(`-- ${describeStep(step)}`);
        await this.#do(step);
      }
      await this.#calm();
    } catch (error) {
      if (!(error instanceof EndlessActivity)) throw error;
      isEndless = true;
    }
    const open = new Set([...this.#windows.values()].map(({ name }) => name));
    const final = [...new Map(this.#shown.map((shown) => [shown.window, shown])).values()];
    return {
      ...{ world: this.world, keyring: this.#keyring, folder: this.folder, issuer: this.#issuer },
      ...{ operations: this.#operations, codex: this.codex, shown: this.#shown, isEndless },
      final: final.filter(({ window }) => open.has(window)),
      calmAt: this.#calmAt,
      hits: this.faults.hits,
      isBrowser: this.#around.isBrowser,
      hasKeys: this.#around.hasKeys,
      quietWrites: this.#quietWrites,
    };
  }

  /** No more faults. What is under way ends, windows are loaded again, time passes, and everybody is used once. */
  async #calm(): Promise<void> {
    this.faults.isCalm = true;
    this.#calmAt = this.world.now;
    this.world.log("-- calm");
    this.codex?.install();
    await this.world.run(this.world.now + longestOperation, () => this.#isIdle());
    await this.world.run(this.world.now + 10 * minute);
    // In a browser a window does not see what another has changed since, so there is one window in the end.
    const places = this.#story.isBrowser ? ["A"] : ["A", "B"];
    for (const place of ["C", "B", "A"].filter((each) => this.#story.isBrowser || !places.includes(each))) {
      this.#windows.get(place)?.close();
      this.#windows.delete(place);
    }
    for (const place of places) {
      this.#windows.get(place)?.close();
      this.#windows.delete(place);
      await this.world.run(this.world.now + 10_000);
      this.#window(place);
    }
    await this.world.run(this.world.now + 70 * minute);
    for (const window of this.#windows.values()) await this.#use(window);
    await this.world.run(this.world.now + minute);
    const writes = () => this.#keyring.writes + this.folder.writes;
    const before = writes();
    await this.world.run(this.world.now + 180 * minute);
    this.#quietWrites = writes() - before;
  }

  /** Uses every account in a window. */
  async #use(window: Window): Promise<void> {
    const accounts: Account[] = [];
    const read = ({ account }: Services) => void accounts.push(...account.accounts.state.accounts);
    this.world.in(window.process, () => void window.services().then(read, () => {}));
    await this.world.run(this.world.now + minute);
    for (const { id, email } of accounts) this.#people.useAccount(window, id, personOf(email) ?? "?");
    await this.world.run(this.world.now + 5 * minute);
  }

  #isIdle(): boolean {
    return this.#operations.all.every(({ outcome }) => outcome !== "running");
  }

  #window(place: string): Window {
    const known = this.#windows.get(place);
    if (known?.process.isAlive) return known;
    const count = (this.#opened.get(place) ?? 0) + 1;
    this.#opened.set(place, count);
    const window = new Window(`${place}${count}`, this.#around);
    this.#windows.set(place, window);
    this.#people.load(window);
    return window;
  }

  async #do(step: Step): Promise<void> {
    if ("window" in step) this.#doIn(this.#window(step.window), step);
    else if (!("ms" in step)) this.#doOutside(step);
    else if (step.do === "wait") await this.world.run(this.world.now + step.ms);
    else if (step.do === "sleep") this.world.slept += step.ms;
    else this.world.jumped += step.ms;
  }

  #doOutside(step: Exclude<Step, { window: string } | { ms: number }>): void {
    if (step.do === "endGrants") this.#issuer.endAll(step.person);
    else if (step.do === "clean") this.folder.removeAll(cleaned[step.what], codexHome);
    else this.#codexPeople?.do(step);
  }

  #doIn(window: Window, step: Extract<Step, { window: string }>): void {
    const people = this.#people;
    switch (step.do) {
      case "open":
        break;
      case "close":
        this.#windows.delete(step.window);
        window.close();
        break;
      case "kill":
        window.process.fuse = step.calls;
        break;
      case "signIn":
        people.signIn(window, step);
        break;
      case "link":
      case "copy":
      case "handOff":
        this.#codexPeople?.[step.do](window);
        break;
      case "signOut":
      case "switch":
        people[step.do](window, step.at);
        break;
      default:
        people[step.do](window);
    }
  }

  #show(window: string, { accounts }: AccountsState): void {
    const persons = accounts.map(({ email }) => personOf(email) ?? "?");
    const rejected = accounts.filter((account) => account.rejected).map(({ email }) => personOf(email) ?? "?");
    this.#shown.push({ at: this.world.now, window, persons, rejected });
    this.world.log(`${window} shows [${persons}]${rejected.length > 0 ? ` rejected [${rejected}]` : ""}`);
  }
}

export function describeStep({ do: what, after, ...rest }: Step): string {
  const values = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return `${after} ms later: ${[what, ...values].join(", ")}`;
}
