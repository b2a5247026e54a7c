import assert from "node:assert/strict";
import { endedWithLeft, parseIndex, type SignInEnd } from "../../../src/account/accountIndex.ts";
import type { Credential } from "../../../src/account/credential.ts";
import type { SignOutOutcome } from "../../../src/account/signOut.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, type Fixture } from "./fixture.ts";

/** The time limits of the keyring, so that one that never answers is tested in no time. */
const secretLimits = { readMs: 30, writeMs: 30 };

/** A window in which somebody has just signed in, and what a test looks at when they sign out. */
export interface SignOutFixture extends Omit<Fixture, "signedIn"> {
  readonly window: AccountFixture;
  readonly signedIn: Credential;
  /** The secret with the account's record. */
  readonly recordKey: string;
  /** The secret with the tokens that are to be revoked. */
  readonly listKey: string;
  tokenOf(credential: Credential): string;
  /** The secrets that have a credential's refresh token. */
  keysWith(credential: Credential): string[];
  /** Whether the issuer takes a credential. */
  isAlive(credential: Credential): boolean;
  /** Ended sign-ins with something left, as stored. */
  left(): SignInEnd[];
  signOut(window?: AccountFixture): Promise<SignOutOutcome>;
  /** A window that starts and ends what is left; resolves when nothing is. */
  restart(): Promise<AccountFixture>;
}

export async function createSignOutFixture(): Promise<SignOutFixture> {
  const fixture = await createFixture({ reliable: true });
  const { secrets, issuer } = fixture;
  const window = await fixture.signedIn("plus@example.com", { secretLimits });
  const signedIn = window.accounts.entry()?.credential ?? assert.fail();
  const { id } = signedIn;
  const tokenOf = ({ tokens }: Credential) => tokens.refreshToken ?? assert.fail();
  const left = () => endedWithLeft(parseIndex(secrets.values.get("accounts")).index ?? assert.fail());
  return {
    ...fixture,
    ...{ window, signedIn, tokenOf, left },
    recordKey: `credential.${id}`,
    listKey: `replaced.${id}`,
    keysWith: (credential) =>
      [...secrets.values].filter(([, text]) => text.includes(tokenOf(credential))).map(([key]) => key),
    isAlive: ({ tokens }) => issuer.bearer(tokens.accessToken) !== undefined,
    signOut: async ({ signOut } = window) => signOut.finish((await signOut.begin(id)) ?? assert.fail()),
    async restart() {
      const next = await fixture.openLoaded({ secretLimits });
      next.start();
      await soon(() => assert.deepEqual(left(), []));
      return next;
    },
  };
}

/** Repeats an assertion until it passes. */
export const soon = (assertion: () => void): Promise<void> => eventually(assertion, 10_000, 5);
