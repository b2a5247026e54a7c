import type { DerivedKey } from "../../../../src/account/credential.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { type KeyWay, Sessions, type SessionsChange } from "../../../../src/editor/sessions/sessions.ts";
import type { Clock } from "../../../../src/platform/clock.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { browseAs, createServices } from "../../../support/services.ts";

/** VS Code's Memento in memory. */
export class MemoryMemento {
  readonly values = new Map<string, unknown>();

  get(key: string): unknown {
    return this.values.get(key);
  }

  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, structuredClone(value));
  }
}

/** Sessions over real services, with the issuer of a test and a person who does what the test says. */
export async function createSessionFixture(issuer: TestIssuer, clock: Clock = systemClock) {
  const services = await createServices({ issuer: issuer.issuer, clock });
  const { accounts, ownKey, source, signIn, mode, log } = services;
  const memento = new MemoryMemento();
  const changes: SessionsChange[] = [];
  const settings = new Emitter<void>((error) => {
    throw error;
  });
  const person: { keyWay: KeyWay | undefined; email: string; signsIn: boolean; choices: boolean[] } = {
    keyWay: undefined,
    email: "plus@example.com",
    signsIn: true,
    choices: [],
  };
  await Promise.all([accounts.load(), ownKey.load()]);
  const open = () =>
    new Sessions({
      accounts,
      ownKey,
      source,
      known: new KnownAccounts(memento),
      authMode: () => mode.current,
      onDidChangeSettings: (listener) => settings.event(listener),
      clock,
      log,
      changed: (change) => changes.push(change),
      signIn: async ({ chooseAccount }) => {
        person.choices.push(chooseAccount);
        await signInAs(person.email);
      },
      signOut: async (id) => {
        await accounts.remove(id);
      },
      setOwnKey: async () => ownKey.set("sk-typedByThePerson1234", true),
      removeOwnKey: () => ownKey.remove(),
      useChatgpt: async () => setMode("chatgpt"),
      askKeyChoice: async () => person.keyWay,
    });

  /** Signs in through the issuer; the port of the callback is free again afterwards. */
  async function signInAs(email: string): Promise<string> {
    services.browser.open = person.signsIn
      ? browseAs(email)
      : async () => {
          setImmediate(() => signIn.cancel());
          return true;
        };
    await signIn.run();
    return accounts.state.active?.id ?? "";
  }

  function setMode(next: typeof mode.current): void {
    mode.current = next;
    settings.fire();
  }

  return {
    ...services,
    memento,
    changes,
    person,
    open,
    signInAs,
    setMode,
    setDerivedKey: (id: string, key: string | undefined) => {
      const derivedKey: DerivedKey = key
        ? { status: "present", key, createdAt: clock.now() }
        : { status: "absent", why: "refused" };
      return accounts.update(id, (credential) => ({ ...credential, derivedKey }));
    },
  };
}
export type SessionFixture = Awaited<ReturnType<typeof createSessionFixture>>;
