import assert from "node:assert/strict";
import type { DerivedKey } from "../../../../src/account/credential.ts";
import type { KeyChoice } from "../../../../src/editor/apiKey/keyChoice.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import type { Session } from "../../../../src/editor/sessions/sessionScopes.ts";
import { Sessions, type SessionsChange } from "../../../../src/editor/sessions/sessions.ts";
import type { Clock } from "../../../../src/platform/clock.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
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

function newPerson() {
  return {
    keyChoice: undefined as KeyChoice | undefined,
    email: "plus@example.com",
    signsIn: true,
    choices: [] as boolean[],
    /** The accounts whose key was offered. */
    offered: [] as (string | undefined)[],
    /** The API keys that were to be removed. */
    removed: [] as string[],
    /** What happens as soon as the person has signed in. */
    andThen: async (_id: string) => {},
  };
}

/** Sessions over real services, with the issuer of a test and a person who does what the test says. */
export async function createSessionFixture(issuer: TestIssuer, clock: Clock = systemClock) {
  /** The ids of the only ChatGPT workspaces that may be used; all when empty. */
  let allowed: readonly string[] = [];
  const account = { allowedWorkspaces: () => allowed };
  const services = await createServices({ issuer: issuer.issuer, clock, account });
  const { accounts, ownKey, source, policy, signIn, mode, log } = services;
  const memento = new MemoryMemento();
  const changes: SessionsChange[] = [];
  const settings = new Emitter<void>((error) => {
    throw error;
  });
  const person = newPerson();
  await Promise.all([accounts.load(), ownKey.load()]);
  const open = () =>
    new Sessions({
      ...{ accounts, ownKey, source, policy, clock, log },
      known: new KnownAccounts(memento),
      authMode: () => mode.current,
      onDidChangeSettings: (listener) => settings.event(listener),
      changed: (change) => changes.push(change),
      signIn: async ({ chooseAccount }) => {
        person.choices.push(chooseAccount);
        const id = await signInAs(person.email);
        return person.andThen(id).then(() => ({ id }));
      },
      signOut: async (id) => void (await services.signOutAccount(id)),
      setOwnKey: async () => ownKey.set("sk-typedByThePerson1234", true),
      removeOwnKey: async (key) => {
        person.removed.push(key);
        await ownKey.remove();
      },
      useChatgpt: async () => setMode("chatgpt"),
      askKeyChoice: async (label) => {
        person.offered.push(label);
        return person.keyChoice;
      },
    });

  /** Signs in through the issuer; the port of the callback is free again afterwards. */
  async function signInAs(email: string): Promise<string> {
    const cancel = async () => {
      setImmediate(() => signIn.cancel());
      return true;
    };
    services.browser.open = person.signsIn ? browseAs(email) : cancel;
    return (await signIn.run()).id;
  }

  function allow(...workspaces: string[]): void {
    allowed = workspaces;
    settings.fire();
  }

  function setMode(next: typeof mode.current): void {
    mode.current = next;
    settings.fire();
  }

  return {
    ...services,
    ...{ memento, changes, person, open, signInAs, setMode, allow },
    /** The account's access token. */
    tokenOf: (id: string) => accounts.entry(id)?.credential.tokens.accessToken ?? assert.fail("no account"),
    setDerivedKey: (id: string, key: string | undefined) => {
      const derivedKey: DerivedKey = key
        ? { status: "present", key, createdAt: clock.now() }
        : { status: "absent", why: "refused" };
      return accounts.update(id, (credential) => ({ ...credential, derivedKey }));
    },
  };
}
export type SessionFixture = Awaited<ReturnType<typeof createSessionFixture>>;

/**
 * Gives the tests of a `describe` an issuer and each of them a fixture. To be called first in it.
 *
 * @param take is handed both before each test
 */
export function useSessionFixture(
  take: (fixture: SessionFixture, issuer: TestIssuer) => void,
  createClock: () => Clock = () => systemClock,
): void {
  let issuer: TestIssuer;
  let fixture: SessionFixture;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  beforeEach(async () => {
    fixture = await createSessionFixture(issuer, createClock());
    take(fixture, issuer);
  });
  afterEach(async () => {
    fixture.signIn.cancel();
    issuer.faults.clear();
    await fixture.dispose();
  });
}

export const tokens = (sessions: readonly Session[]) => sessions.map(({ accessToken }) => accessToken);
export const labels = (sessions: readonly { account: { label: string } }[]) =>
  sessions.map(({ account }) => account.label);
