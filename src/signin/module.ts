import { delay } from "../platform/clock.ts";
import type { FlowName } from "../shared/panelProtocol.ts";
import { firstFlow } from "./flows.ts";
import { SignIn, type SignInDependencies } from "./signIn.ts";

export interface SignInModuleDependencies extends Omit<SignInDependencies, "firstFlow"> {
  /** The flow that the person wants to begin with. */
  preferredFlow: () => FlowName | "auto";
}

/** How long a window that closes waits for a sign-in that is being stored or undone, ms. */
const patienceMs = 3_000;

export interface SignInServices {
  readonly signIn: SignIn;
  /** Cancels a running sign-in; resolves when it is undone or stored, within 3 s. */
  dispose(): Promise<void>;
}

/** Builds the sign-in. Whoever shows it listens to `signIn.onEvent`, which asks for pages to be opened and so on. */
export function createSignIn({ preferredFlow, ...dependencies }: SignInModuleDependencies): SignInServices {
  const { http, environment, clock } = dependencies;
  const signIn = new SignIn({
    ...dependencies,
    firstFlow: () => {
      // Loaded while the person is in the browser, so that they need not wait for it afterwards.
      void http.prepare();
      return firstFlow(environment, preferredFlow());
    },
  });
  return {
    signIn,
    async dispose() {
      signIn.cancel();
      const settled = new AbortController();
      const end = signIn.settled().finally(() => settled.abort());
      await Promise.race([end, delay(clock, patienceMs, settled.signal).catch(() => {})]);
    },
  };
}
