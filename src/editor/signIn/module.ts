import { Disposables } from "../../platform/disposables.ts";
import type { Logger } from "../../platform/logger.ts";
import type { SignIn } from "../../signin/signIn.ts";
import type { RunAction } from "../actions.ts";
import type { Activity } from "../activity.ts";
import { setContextKey } from "../vscode/contextKeys.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { SignInActions } from "./signInActions.ts";
import { SignInSurface } from "./surface.ts";

export interface SignInEditorDependencies {
  signIn: SignIn;
  run: RunAction;
  activity: Activity;
  notifications: Notifications;
  /** See `commandLink`. */
  linkProof: string;
  log: Logger;
}

export interface SignInEditorServices {
  readonly signInActions: SignInActions;
  readonly surface: SignInSurface;
  dispose(): void;
}

/** The sign-in as the person sees it: its notification, the questions it asks, and its pages. */
export function createSignInEditor(dependencies: SignInEditorDependencies): SignInEditorServices {
  const { signIn, run, log } = dependencies;
  const disposables = new Disposables();
  const signInActions = new SignInActions(dependencies);
  const surface = new SignInSurface({
    ...{ signIn, log },
    showDeviceCode: () => void run("openSettings"),
    tellTrouble: (error) => signInActions.tellTrouble(error),
  });
  disposables.add(signIn.onDidChange(() => setContextKey("signingIn", signIn.running !== undefined)));
  return { signInActions, surface, dispose: () => disposables.dispose() };
}
