import { describeError } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import type { FlowContext, Opened } from "./flow.ts";

/** Opens the sign-in page. When VS Code did not open it, the attempt goes on with a notice. @throws Problem `browserFailed` */
export async function openSignInPage({ page, log, signal, send, changed }: FlowContext, url: string): Promise<void> {
  try {
    const opened = await new Promise<Opened>((answer) => send({ type: "openPage", url, answer }));
    if (opened !== "opened") log.info(`The sign-in page was not opened by VS Code: ${opened}`);
    if (signal.aborted) return;
    const notice = opened === "opened" ? undefined : opened === "copied" ? "linkCopied" : "linkNotOpened";
    if (page.notice === notice) return;
    page.notice = notice;
    changed();
  } catch (error) {
    log.error(`The browser could not be opened: ${describeError(error)}`);
    if (!signal.aborted) throw new Problem("browserFailed");
  }
}
