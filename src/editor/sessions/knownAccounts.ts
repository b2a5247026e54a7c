import type { Account, AccountsState } from "../../account/state.ts";
import { shownName } from "../../shared/shownText.ts";
import { AccountLabels, ownKeyLabel } from "./accountLabels.ts";

/** An account as it is shown where no secret has been read yet. */
export interface KnownAccount {
  readonly id: string;
  /** What VS Code calls the account and files consents under: never changes, and is never another account's. */
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
  /** What VS Code calls that key, if it is not the first one. */
  readonly ownKeyLabel?: string;
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
  readonly #labels: AccountLabels;
  #current: Known | undefined;
  #listeners: (() => void)[] = [];

  constructor(memento: Memento) {
    this.#memento = memento;
    const stored = memento.get(mementoKey);
    this.#current = isKnown(stored) ? stored : undefined;
    const accounts = this.#current?.accounts ?? [];
    this.#labels = new AccountLabels(
      memento,
      accounts.map(({ id, label }) => [label, id]),
    );
  }

  get current(): Known | undefined {
    return this.#current;
  }

  onDidChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** What an account is called, also one that is signed out now; undefined for one that never was signed in here. */
  labelOf(id: string): string | undefined {
    return this.#labels.given(id);
  }

  /**
   * Takes over who is signed in now.
   * @param ownKey the name of the API key that is set (see `ownKeyBinding`); undefined for none
   */
  update(state: AccountsState, ownKey: string | undefined): Known {
    const before = this.#current;
    const known = knownOf(state, ownKey, before, this.#labels);
    this.#labels.remember();
    if (before && JSON.stringify(known) === JSON.stringify(before)) return before;
    this.#current = known;
    // It is written with the next change if that fails.
    this.#memento.update(mementoKey, known).then(undefined, () => {});
    for (const listener of this.#listeners) listener();
    return known;
  }
}

/** An account whose record could not be read just now stays as it was known. */
function knownOf(
  { accounts, active, unread = [] }: AccountsState,
  ownKey: string | undefined,
  before: Known | undefined,
  labels: AccountLabels,
): Known {
  const earlier = before?.accounts ?? [];
  const kept = earlier.filter(({ id }) => unread === "all" || unread.includes(id));
  const known = accounts.map((account): KnownAccount => {
    const { id, plan, workspaceId, rejected } = account;
    return {
      id,
      label: labels.labelOf(id, candidates(account)),
      ...(plan !== undefined && { plan }),
      ...(workspaceId !== undefined && { chatgptAccountId: workspaceId }),
      needsSignIn: rejected !== undefined,
    };
  });
  const all = [...known, ...kept.filter(({ id }) => !known.some((one) => one.id === id))];
  const activeId = active?.id ?? kept.find(({ id }) => id === before?.active)?.id;
  const keyLabel = ownKey === undefined ? ownKeyLabel : labels.labelOf(ownKey, [ownKeyLabel]);
  return {
    accounts: all,
    ...(activeId !== undefined && { active: activeId }),
    ownKey: ownKey !== undefined,
    ...(keyLabel !== ownKeyLabel && { ownKeyLabel: keyLabel }),
  };
}

/** No more than an address has. */
const emailAddress = /^[^\s@]+@[^\s@]+$/u;

/**
 * The email; for a second account with the same one, its ChatGPT workspace as well. The same in every language, because
 * it is kept. What is no address could read like the API key's label, or another account's.
 */
function candidates({ id, email, workspaceId }: Account): string[] {
  const name = email !== undefined && emailAddress.test(email) ? email : "ChatGPT account";
  const label = `${name} (ChatGPT workspace ${workspaceHint(workspaceId ?? id)})`;
  return [name, label, `${label} ${id}`];
}

/** The end of a ChatGPT workspace's id: enough to tell two apart. */
export function workspaceHint(workspaceId: string): string {
  return shownName(workspaceId.slice(-8)) ?? "?";
}

/** These are only hints, so a value of another shape is dropped. */
function isKnown(value: unknown): value is Known {
  const known = value as Partial<Known> | null | undefined;
  return (
    typeof known?.ownKey === "boolean" &&
    ["undefined", "string"].includes(typeof known.ownKeyLabel) &&
    Array.isArray(known.accounts) &&
    known.accounts.every((account) => typeof account?.id === "string" && typeof account.label === "string")
  );
}
