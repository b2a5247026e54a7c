import type { Account, AccountsState } from "../../account/state.ts";

/** An account as it is shown where no secret has been read yet. */
export interface KnownAccount {
  readonly id: string;
  /** What VS Code calls the account and files consents under; stays the same while the account is there. */
  readonly label: string;
  readonly plan?: string;
  /** The ChatGPT workspace (`chatgpt_account_id`). */
  readonly chatgptAccountId?: string;
  readonly needsSignIn: boolean;
}

/** Who was signed in when it was last known. No secret is in it. */
export interface Known {
  readonly accounts: readonly KnownAccount[];
  readonly active?: string;
  /** Whether an API key of the person's own is set. */
  readonly ownKey: boolean;
}

/** The part of `vscode.Memento` that is used. */
export interface Memento {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const mementoKey = "known";

/**
 * What is remembered outside the secrets, so that the Accounts menu and the status bar can be right from the start
 * without reading a secret.
 */
export class KnownAccounts {
  readonly #memento: Memento;
  #current: Known | undefined;
  #listeners: (() => void)[] = [];

  constructor(memento: Memento) {
    this.#memento = memento;
    const stored = memento.get(mementoKey);
    this.#current = isKnown(stored) ? stored : undefined;
  }

  get current(): Known | undefined {
    return this.#current;
  }

  onDidChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Takes over who is signed in now. */
  update(state: AccountsState, ownKey: boolean): Known {
    const before = this.#current;
    const known = knownOf(state, ownKey, before);
    if (before && JSON.stringify(known) === JSON.stringify(before)) return before;
    this.#current = known;
    void this.#memento.update(mementoKey, known);
    for (const listener of this.#listeners) listener();
    return known;
  }
}

/** An account whose record could not be read just now stays as it was known. */
function knownOf({ accounts, active, unread = [] }: AccountsState, ownKey: boolean, before: Known | undefined): Known {
  const earlier = before?.accounts ?? [];
  const kept = earlier.filter(({ id }) => unread === "all" || unread.includes(id));
  const labels = new Map(earlier.map(({ id, label }) => [id, label]));
  const taken = new Set([...accounts, ...kept].flatMap(({ id }) => labels.get(id) ?? []));
  const known = accounts.map((account): KnownAccount => {
    const label = labels.get(account.id) ?? newLabel(account, taken);
    taken.add(label);
    const { id, plan, workspaceId, rejected } = account;
    return {
      id,
      label,
      ...(plan !== undefined && { plan }),
      ...(workspaceId !== undefined && { chatgptAccountId: workspaceId }),
      needsSignIn: rejected !== undefined,
    };
  });
  const all = [...known, ...kept.filter(({ id }) => !known.some((one) => one.id === id))];
  const activeId = active?.id ?? kept.find(({ id }) => id === before?.active)?.id;
  return { accounts: all, ...(activeId !== undefined && { active: activeId }), ownKey };
}

/**
 * The email; for a second account with the same one, its ChatGPT workspace as well. The same in every language, because
 * it is kept.
 */
function newLabel(account: Account, taken: ReadonlySet<string>): string {
  const name = account.email ?? "ChatGPT account";
  if (!taken.has(name)) return name;
  const label = `${name} (ChatGPT workspace ${workspaceHint(account.workspaceId ?? account.id)})`;
  return taken.has(label) ? `${label} ${account.id}` : label;
}

/** The end of a ChatGPT workspace's id: enough to tell two apart. */
export function workspaceHint(workspaceId: string): string {
  return workspaceId.slice(-8);
}

/** These are only hints, so a value of another shape is dropped. */
function isKnown(value: unknown): value is Known {
  const known = value as Partial<Known> | null | undefined;
  return (
    typeof known?.ownKey === "boolean" &&
    Array.isArray(known.accounts) &&
    known.accounts.every((account) => typeof account?.id === "string" && typeof account.label === "string")
  );
}
