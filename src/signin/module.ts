import type { FlowName } from "../shared/panelProtocol.ts";
import { firstFlow } from "./flows.ts";
import { SignIn, type SignInDependencies } from "./signIn.ts";

export interface SignInModuleDependencies extends Omit<SignInDependencies, "firstFlow"> {
  /** The flow that the person wants to begin with. */
  preferredFlow: () => FlowName | "auto";
}

export interface SignInServices {
  readonly signIn: SignIn;
  /** Cancels a running sign-in. */
  dispose(): void;
}

/** Builds the sign-in. Whoever shows it listens to `signIn.onEvent`, which asks for pages to be opened and so on. */
export function createSignIn({ preferredFlow, ...dependencies }: SignInModuleDependencies): SignInServices {
  const { http, environment } = dependencies;
  const signIn = new SignIn({
    ...dependencies,
    firstFlow: () => {
      // Loaded while the person is in the browser, so that they need not wait for it afterwards.
      void http.prepare();
      return firstFlow(environment, preferredFlow());
    },
  });
  return { signIn, dispose: () => signIn.cancel() };
}
