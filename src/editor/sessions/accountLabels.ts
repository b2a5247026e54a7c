/** Where labels are remembered: outside the settings, which any extension may write. */
export interface LabelMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** What VS Code calls the API key that the person typed: the first one; the next ones have a number. */
export const ownKeyLabel = "OpenAI API key";

const memoryKey = "labels";
type Given = readonly [label: string, owner: string];

/**
 * Who has had which label in VS Code. VS Code files consents under an account's label and keeps them when the account
 * goes (`AuthenticationAccessService` in microsoft/vscode), so a label that was given once is never given to anybody else.
 */
export class AccountLabels {
  readonly #memory: LabelMemory;
  /** The owner of each label, oldest first. */
  readonly #owners = new Map<string, string>();

  /** @param known labels and their owners that are known otherwise */
  constructor(memory: LabelMemory, known: Iterable<Given> = []) {
    this.#memory = memory;
    this.#read();
    for (const [label, owner] of known) this.#add(label, owner);
  }

  /** The label that an owner has been given. */
  given(owner: string): string | undefined {
    for (const [label, other] of this.#owners) if (other === owner) return label;
    return undefined;
  }

  /**
   * The label of an owner, always the same one.
   * @param candidates labels for one that has none yet; the first that nobody has ever had is taken
   */
  labelOf(owner: string, candidates: readonly string[]): string {
    // Another window may have given some.
    this.#read();
    const label = this.given(owner) ?? this.#free(candidates);
    this.#add(label, owner);
    return label;
  }

  /** Writes what is not stored yet. */
  remember(): void {
    if (this.#read() === this.#owners.size) return;
    // It is written again the next time if that fails.
    this.#memory.update(memoryKey, [...this.#owners]).then(undefined, () => {});
  }

  /** Takes over what is stored, which goes before what only this window has given. @returns how many labels that is */
  #read(): number {
    const stored = this.#memory.get(memoryKey);
    const given = Array.isArray(stored) ? stored.filter(isGiven) : [];
    for (const [label, owner] of given) this.#owners.set(label, owner);
    return given.length;
  }

  #free(candidates: readonly string[]): string {
    const free = candidates.find((candidate) => !this.#owners.has(candidate));
    if (free !== undefined) return free;
    const last = candidates.at(-1) ?? "";
    let count = 2;
    while (this.#owners.has(`${last} ${count}`)) count += 1;
    return `${last} ${count}`;
  }

  #add(label: string, owner: string): void {
    if (!this.#owners.has(label)) this.#owners.set(label, owner);
  }
}

function isGiven(entry: unknown): entry is Given {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
}
