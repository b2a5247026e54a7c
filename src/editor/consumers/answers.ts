import * as z from "zod/mini";
import { inBackground } from "../../platform/inBackground.ts";
import type { Logger } from "../../platform/logger.ts";

/** An extension, and whose money its requests spend. */
export interface Consumer {
  /** The extension's id; or what `askers.ts` has. */
  readonly extension: string;
  /** The plan of an account, the API key that was created for an account, or the key that the person typed. */
  readonly pays: "plan" | "accountKey" | "ownKey";
  /** Our own name of the account; of a key that the person typed, the name under which answers are kept. No secret. */
  readonly payer: string;
}

/** What the person has said; nothing where they have not answered, or have taken it back. */
export type Answer = "allowed" | "refused";

/** An extension that the person knows of: by their answer, or because it has used a setting that allows it. */
export type Listed = Consumer & { readonly answer: Answer | "setting" };

/**
 * Where answers are remembered: outside the settings, which any extension may write. It may forget what is written, and
 * what other windows write may appear at any time.
 */
export interface AnswerMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const memoryKey = "modelConsumers";

/** How often answers are written that are not kept, until they are looked at again. */
const tries = 5;

const entrySchema = z.object({
  extension: z.string(),
  pays: z.enum(["plan", "accountKey", "ownKey"]),
  payer: z.string(),
  /** `setting`: it has used a setting that allows it. `none`: the person has taken their answer back. */
  answer: z.enum(["allowed", "refused", "setting", "none"]),
  /** How often this was answered: of two windows' answers the later one counts. */
  turn: z.number(),
});
type Entry = Readonly<z.infer<typeof entrySchema>>;

/**
 * The person's answers, kept for all windows. A window writes all of them at once, and may not have heard yet what
 * another one has written: what was answered here is kept beside, and is written again where it is missing. What is
 * written is made from what is stored at that moment, so it takes nothing back that this window has heard of.
 */
export class Answers {
  readonly #memory: AnswerMemory;
  readonly #log: Logger;
  /** What was answered in this window. */
  readonly #here = new Map<string, Entry>();
  /** How many writes are under way. */
  #writing = 0;

  constructor(memory: AnswerMemory, log: Logger) {
    this.#memory = memory;
    this.#log = log;
  }

  get(consumer: Consumer): Entry["answer"] {
    this.#keep();
    return this.#entries().get(nameOf(consumer))?.answer ?? "none";
  }

  set({ extension, pays, payer }: Consumer, answer: Entry["answer"]): void {
    const name = nameOf({ extension, pays, payer });
    const turn = (this.#entries().get(name)?.turn ?? 0) + 1;
    this.#here.set(name, { extension, pays, payer, answer, turn });
    // Also while another write is under way: that one may never end.
    this.#startWrite();
  }

  /** All but those that were taken back. */
  list(): Listed[] {
    this.#keep();
    return [...this.#entries().values()].flatMap(({ turn: _turn, answer, ...consumer }) =>
      answer === "none" ? [] : [{ ...consumer, answer }],
    );
  }

  /** Writes what was answered here where it is missing. Nobody waits for the memory: this window already knows it. */
  #keep(): void {
    if (this.#writing === 0) this.#startWrite();
  }

  #startWrite(): void {
    inBackground(this.#write(), this.#log, "The answers about extensions were not written");
  }

  async #write(): Promise<void> {
    this.#writing += 1;
    try {
      for (let left = tries; left > 0 && this.#isLost(); left -= 1) {
        await this.#memory.update(memoryKey, [...this.#entries().values()]);
      }
    } finally {
      this.#writing -= 1;
    }
  }

  #isLost(): boolean {
    const stored = this.#stored();
    const entries = this.#entries();
    return [...this.#here.keys()].some((name) => !isSame(stored.get(name), entries.get(name)));
  }

  #entries(): Map<string, Entry> {
    const entries = this.#stored();
    for (const [name, entry] of this.#here) entries.set(name, later(entries.get(name), entry));
    return entries;
  }

  #stored(): Map<string, Entry> {
    const stored = this.#memory.get(memoryKey);
    const entries = Array.isArray(stored) ? stored.flatMap((entry) => entrySchema.safeParse(entry).data ?? []) : [];
    const byName = new Map<string, Entry>();
    for (const entry of entries) byName.set(nameOf(entry), later(byName.get(nameOf(entry)), entry));
    return byName;
  }
}

/** What tells consumers apart: neither an id nor the names of payers have a line break. */
export function nameOf({ extension, pays, payer }: Consumer): string {
  return [extension, pays, payer].join("\n");
}

function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.turn === other?.turn && one?.answer === other?.answer;
}

/** From what allows least. */
const order: readonly Entry["answer"][] = ["refused", "none", "setting", "allowed"];

/** The later answer; of two as late as each other, the one that allows less. */
function later(one: Entry | undefined, other: Entry): Entry {
  if (!one || one.turn < other.turn) return other;
  const allowsLess = order.indexOf(other.answer) < order.indexOf(one.answer);
  return one.turn === other.turn && allowsLess ? other : one;
}
