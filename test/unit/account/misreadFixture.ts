import type { AccountFixture } from "../../support/accountFixture.ts";
import type { Misbehaviour } from "../../support/memorySecrets.ts";
import { always, createFixture, type Fixture } from "./fixture.ts";

/** A window with two accounts, of which Plus is the active one, on a keyring that a test makes answer wrongly. */
export interface MisreadFixture extends Fixture {
  window: AccountFixture;
  plus: string;
  team: string;
  /** What the keyring answers for a secret from now on: a misbehaviour, or a text. The index includes its copy. */
  misread(key: string, how: Misbehaviour | string): void;
  /** How many tokens the issuer was asked to revoke. */
  revocations(): number;
}

export async function createMisreadFixture(): Promise<MisreadFixture> {
  const fixture = await createFixture({ reliable: true });
  const { secrets, issuer } = fixture;
  const window = await fixture.signedIn("team@example.com");
  const team = window.accounts.state.active?.id ?? "";
  await window.accounts.storeSignIn(await fixture.credential("plus@example.com"));
  const plus = window.accounts.state.active?.id ?? "";
  return {
    ...fixture,
    window,
    plus,
    team,
    misread(key, how) {
      for (const secret of key === "accounts" ? ["accounts", "accounts.copy"] : [key]) {
        if (how === "nothing" || how === "older") secrets.script("get", secret, ...always<Misbehaviour>(how));
        else secrets.values.set(secret, how);
      }
    },
    revocations: () => issuer.recordsOf("revoke").length,
  };
}
