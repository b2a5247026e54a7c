import { isSignIn, type Operation } from "../operations.ts";
import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import { type Grant, refreshTokensIn } from "../world/grants.ts";
import { grantsBefore, isOurs, isReachable, wasStored } from "./grants.ts";

/** Who is shown as signed in at the end, and what is left of whom is not. */
export function accountsAreRight(played: Played): Finding[] {
  const persons = [...new Set(played.operations.all.filter(isSignIn).map(({ person }) => person))];
  return persons.flatMap((person) => (person === undefined ? [] : new Ending(played, person).findings()));
}

/** The end of a story as far as one person's account is concerned. */
class Ending {
  readonly #played: Played;
  readonly #person: string;
  readonly #signIns: readonly Operation[];
  readonly #signOuts: readonly Operation[];
  readonly #grants: readonly Grant[];

  constructor(played: Played, person: string) {
    this.#played = played;
    this.#person = person;
    const own = played.operations.all.filter((operation) => operation.person === person);
    this.#signIns = own.filter((operation) => isSignIn(operation) && operation.said !== "is running");
    this.#signOuts = own.filter(({ kind, problem }) => kind === "signOut" && problem !== "notSignedIn");
    this.#grants = played.issuer.grants.all.filter((grant) => grant.person === person && isOurs(played, grant));
  }

  findings(): Finding[] {
    if (this.#isOverwritten) return [];
    const listed = this.#played.final.filter(({ persons }) => persons.includes(this.#person));
    const isListed = listed.length === this.#played.final.length;
    if (!isListed && listed.length > 0) return [this.#finding("indexIsKept", "the windows do not agree about")];
    return isListed ? [...this.#whenListed(), ...this.#leftBySignOuts()] : this.#whenGone();
  }

  #whenListed(): Finding[] {
    const signOut = this.#finalSignOut;
    if (signOut) return [this.#finding("indexIsKept", `sign-out ${signOut.number} was said to be done, but listed is`)];
    // Where there is a Codex CLI, the record says who the owner is, and that is checked there.
    if (this.#played.codex) return [];
    const held = this.#grants.find((grant) => !grant.ended && wasStored(this.#played, grant.tokens.at(-1)));
    const isRejected = this.#played.final.some(({ rejected }) => rejected.includes(this.#person));
    // The issuer would go on refreshing, and the token was stored.
    if (held === undefined || held !== this.#lastStored) return [];
    if (isRejected) return [this.#finding("notSignedOut", `grant ${held.id} lives, but rejected is`)];
    return this.#failedUses(held);
  }

  /**
   * The grant of the sign-in whose record was stored last, so that it stays: its sign-in may have begun before another one,
   * and the issuer may have ended it meanwhile. One that was never stored counts as the last, and one that has failed not.
   */
  get #lastStored(): Grant | undefined {
    const texts = this.#ids.flatMap((id) => this.#played.keyring.history.get(`credential.${id}`) ?? []);
    const storedAt = ({ tokens }: Grant) => {
      const at = texts.findIndex((text) => text?.includes(tokens[0]?.value ?? ""));
      return at === -1 ? texts.length : at;
    };
    const hasFailed = ({ signIn }: Grant) => this.#played.operations.all[signIn - 1]?.outcome === "failed";
    const received = this.#grants.filter((grant) => grant.tokens[0]?.receivedBy && !hasFailed(grant));
    return received.toSorted((one, other) => storedAt(one) - storedAt(other)).at(-1);
  }

  /** In the calm end, an account whose grant lives can be used. */
  #failedUses({ id }: Grant): Finding[] {
    const { operations, calmAt } = this.#played;
    return operations.all
      .filter(({ kind, person, startedAt }) => kind === "use" && person === this.#person && startedAt > calmAt)
      .filter(({ outcome }) => outcome === "failed")
      .map(({ problem }) => this.#finding("notSignedOut", `grant ${id} lives, but ${problem} is what they say to`));
  }

  #whenGone(): Finding[] {
    const signIn = this.#finalSignIn;
    if (signIn && !this.#isLost(signIn)) {
      return [this.#finding("notSignedOut", `sign-in ${signIn.number} was said to be done, but gone is`)];
    }
    if (signIn || this.#isUnknowable) return [];
    return [...this.#livingGrants(), ...this.#storedTokens()];
  }

  /**
   * The window was killed after it had stored the record and before any index named the account, and its note of that was
   * lost. Where the keyring does not list its keys, no other window can know of the record.
   */
  get #isUnknowable(): boolean {
    const { folder, hasKeys } = this.#played;
    const kept = this.#signIns.filter((signIn) => this.#grants.some((grant) => grant.signIn === signIn.number));
    const isKilled = kept.every(({ outcome }) => outcome === "killed");
    const isNoteLost = [...folder.trouble.keys()].some((name) => /^signing-in-|^globalStorage$/.test(name));
    return isKilled && isNoteLost && !hasKeys && !this.#wasListed();
  }

  /** A sign-in that was said to be done, and that no sign-out came after or at the same time. */
  get #finalSignIn(): Operation | undefined {
    const done = this.#signIns.filter(({ outcome }) => outcome === "done").at(-1);
    const isEnded =
      done && this.#signOuts.some(({ endedAt }) => (endedAt ?? Number.POSITIVE_INFINITY) > done.startedAt);
    return isEnded ? undefined : done;
  }

  /** The same for a sign-out. */
  get #finalSignOut(): Operation | undefined {
    const done = this.#signOuts.filter(({ outcome }) => outcome === "done").at(-1);
    const isOver = done && this.#signIns.some(({ endedAt }) => (endedAt ?? Number.POSITIVE_INFINITY) > done.startedAt);
    return isOver ? undefined : done;
  }

  /** The keyring said that it had stored a sign-in and never did, so nobody can know of it once its window is gone. */
  #isLost({ number, window }: Operation): boolean {
    const isLie = ([call, kind]: [string, string]) => kind === "writeLost" && call.startsWith(`${window} store `);
    if (!Object.entries(this.#played.hits).some(isLie)) return false;
    const grant = this.#grants.find(({ signIn }) => signIn === number);
    return !grant?.tokens.some((token) => wasStored(this.#played, token)) || !this.#wasListed();
  }

  /** Whether any stored index has ever named the account. */
  #wasListed(): boolean {
    const { keyring } = this.#played;
    const texts = [...(keyring.history.get("accounts") ?? []), ...(keyring.history.get("accounts.copy") ?? [])];
    return this.#ids.some((id) => texts.some((text) => text?.includes(id)));
  }

  /** In a browser, a late write of a window that has given it up has replaced what others had stored of the account. */
  get #isOverwritten(): boolean {
    const names = [`rt_${this.#person}_`, ...this.#ids];
    const texts = this.#played.keyring.overwritten.flatMap(({ lost, kept }) => [lost, kept]);
    return texts.some((text) => names.some((name) => text?.includes(name)));
  }

  /** Those that records of the person were ever stored under. */
  get #ids(): string[] {
    const keys = [...this.#played.keyring.history.keys()].filter((key) => key.startsWith("credential."));
    return keys.map((key) => key.slice(11)).filter((id) => this.#isOwn(id));
  }

  #isOwn(id: string): boolean {
    const texts = this.#played.keyring.history.get(`credential.${id}`) ?? [];
    return texts.some(
      (text) => text !== undefined && refreshTokensIn(text).some((token) => token.startsWith(`rt_${this.#person}_`)),
    );
  }

  /** Grants of a person who is signed out that the issuer would still refresh. */
  #livingGrants(): Finding[] {
    return this.#living(this.#grants);
  }

  /** The same for grants of sign-ins before a sign-out, of a person who may be signed in again. */
  #leftBySignOuts(): Finding[] {
    const done = this.#signOuts.filter(({ outcome }) => outcome === "done");
    const grants = new Set(done.flatMap((signOut) => grantsBefore(this.#played, signOut)));
    return this.#living([...grants].filter((grant) => !this.#waits(grant)));
  }

  /** A token that could not be revoked before the person signed in again is revoked with their next sign-out. */
  #waits({ tokens }: Grant): boolean {
    const stored = [...this.#played.keyring.values].filter(([key]) => key.startsWith("replaced."));
    return stored.some(([, text]) => tokens.some(({ value }) => text.includes(value)));
  }

  #living(grants: readonly Grant[]): Finding[] {
    return grants
      .filter((grant) => !grant.ended && isReachable(this.#played, grant))
      .map(({ id }) => this.#finding("notLivingOn", `grant ${id} lives on at the issuer of`));
  }

  #storedTokens(): Finding[] {
    const stored = [...this.#played.keyring.values].filter(([, text]) =>
      refreshTokensIn(text).some((token) => token.startsWith(`rt_${this.#person}_`)),
    );
    return stored.map(([key]) => this.#finding("notLivingOn", `${key} still has a token of`));
  }

  #finding(rule: Finding["rule"], what: string): Finding {
    return { rule, what: `${what} ${this.#person}` };
  }
}
