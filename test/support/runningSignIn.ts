import type { SignInNotice } from "../../src/shared/panelProtocol.ts";
import type { SignIn } from "../../src/signin/signIn.ts";

type Running = Pick<SignIn, "running">;

/** The device code that a running sign-in shows. */
export function deviceOf({ running }: Running): { userCode: string; page: string } | undefined {
  return running?.stage === "waitingForDevice" ? running.device : undefined;
}

/** What a running sign-in tells the person besides its stage. */
export function noticeOf({ running }: Running): SignInNotice | undefined {
  return running && "notice" in running ? running.notice : undefined;
}
