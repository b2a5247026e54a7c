import { type CallbackAnswer, readCallback } from "../oauth/callbackAnswer.ts";
import { callbackPath, issuerUrl, redirectPorts, redirectUri } from "../oauth/issuer.ts";
import { isLoopback } from "../platform/endpoint.ts";
import { Problem } from "../shared/problem.ts";
import type { FlowContext, RunningFlow } from "./flow.ts";
import { openSignInPage } from "./openSignInPage.ts";

const longestLink = 16 * 1024;
const opening: ReadonlySet<string> = new Set("<\"'(`“‘„«‹{");
const closing: ReadonlySet<string> = new Set(">\"')`”’“»›]}");

/**
 * Signing in with the redirect address that the browser could not open, for when it cannot reach a listener here. A
 * listener that is running goes on: the first answer counts.
 */
export async function startPasteFlow(context: FlowContext): Promise<RunningFlow> {
  const { page, send } = context;
  // Without a listener the port only decides which address the browser will fail to open.
  let toOpen = page.url === undefined ? page.addressFor(redirectUri(redirectPorts[0] ?? 1455)) : undefined;
  return {
    answer: page.answer,
    get waiting() {
      return { stage: "waitingForLink" as const, ...(page.notice && { notice: page.notice }) };
    },
    async reveal() {
      send({ type: "askForLink" });
      const url = toOpen;
      toOpen = undefined;
      if (url !== undefined) await openSignInPage(context, url);
    },
    dispose() {},
  };
}

/** A pasted address whose `state` has been checked. */
export interface PastedLink {
  answer: CallbackAnswer;
  /** As it was in the authorization request, whatever the browser made of it. */
  redirectUri: string;
}

/**
 * Reads the address of the page that the browser could not open, or what tells as much: its query, or `code#state`.
 * @param opened the redirect URI that the sign-in page was opened with, if there was only one
 * @throws Problem `pasteNotAnAddress`, `pasteSignInPage`, `pasteOtherSignIn` or `pasteOtherIssuer`
 */
export function readPastedLink(text: string, state: string, issuer: string, opened?: string): PastedLink {
  const { query, uri = opened } = parsePasted(text, issuer);
  if (uri === undefined) throw new Problem("pasteNotAnAddress");
  const read = readCallback(query, { state, issuer });
  if ("refused" in read) {
    throw new Problem(read.refused === "otherIssuer" ? "pasteOtherIssuer" : "pasteOtherSignIn");
  }
  const { answer } = read;
  if ("missing" in answer) throw new Problem("pasteNotAnAddress");
  return { answer, redirectUri: uri };
}

/** The query of what was pasted, and the redirect URI where it names one. @throws Problem */
function parsePasted(pasted: string, issuer: string): { query: URLSearchParams; uri?: string } {
  const trimmed = withoutBrackets(pasted);
  // Before anything is looked for in it: the box is read at every key.
  if (trimmed.length > longestLink) throw new Problem("pasteNotAnAddress");
  const text = asItWas(trimmed);
  // Before its scheme is changed: the issuer may be on this computer, too.
  if (isOfIssuer(text, issuer)) throw new Problem("pasteSignInPage");
  const query = bareQuery(text);
  if (query) return { query };
  const local = text.replace(/^(?:https?:)?(?:\/\/)?(?=localhost[:/]|127\.|\[::1\])/i, "http://");
  if (isOfIssuer(local, issuer)) throw new Problem("pasteSignInPage");
  const url = URL.parse(local);
  if (!url || !isRedirect(url)) throw new Problem("pasteNotAnAddress");
  return { query: url.searchParams, uri: redirectUri(Number(url.port)) };
}

function isOfIssuer(text: string, issuer: string): boolean {
  return URL.parse(text)?.href.startsWith(issuerUrl(issuer, "/")) ?? false;
}

/** What mail, chats and terminals do to an address, undone: they quote, wrap and escape it, make it a link, or end a sentence. */
function asItWas(pasted: string): string {
  const text = pasted
    .replace(/(^|\n)[ \t]*>[> \t]*/g, "$1")
    .replace(/\\(?!\w)/g, "")
    .replace(/[\s\p{Cf}]+/gu, "")
    .replace(/&(?:amp;)+/gi, "&");
  const link = text.lastIndexOf("](");
  return (
    withoutBrackets(link < 0 ? text : text.slice(link + 2))
      // No state has such a character, but a code or an issuer might.
      .replace(/((?:^|[?&])state=[\w-]+(?:\.onboarding_entrypoint=\w+)?|^[\w.~-]+#[\w-]+)[^\w&#=%+~-]+$/, "$1")
  );
}

/** The query where that is all there is of the address, or a code and a state with `#` between them. */
function bareQuery(text: string): URLSearchParams | undefined {
  const [, code, state] = /^([\w.~-]+)#([\w.~-]+)$/.exec(text) ?? [];
  if (code !== undefined && state !== undefined) return new URLSearchParams({ code, state });
  const [, bare = ""] = /^(?:\/auth\/callback)?\??((?:code|state|error\w*|iss|scope)=[^#]*)(?:#.*)?$/.exec(text) ?? [];
  const query = new URLSearchParams(bare);
  return query.has("state") ? query : undefined;
}

/** The text inside of blanks, brackets and quotes around it, however many. */
function withoutBrackets(text: string): string {
  let start = 0;
  let end = text.length;
  const isAround = (at: number, brackets: ReadonlySet<string>) =>
    brackets.has(text.charAt(at)) || /[\s\p{Cf}]/u.test(text.charAt(at));
  while (start < end && (isAround(start, opening) || opensText(text, start))) start += 1;
  while (end > start && isAround(end - 1, closing)) end -= 1;
  return text.slice(start, end);
}

/** Whether there is a bracket that does not belong to an address of IPv6. */
function opensText(text: string, at: number): boolean {
  return text[at] === "[" && !text.startsWith("[::1]", at);
}

function isRedirect({ protocol, hostname, port, pathname }: URL): boolean {
  return (
    protocol === "http:" && isLoopback(hostname) && redirectPorts.includes(Number(port)) && pathname === callbackPath
  );
}
