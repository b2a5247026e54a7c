import * as l10n from "@vscode/l10n";
import { accountProblems } from "./words/account.ts";
import { apiKeyProblems } from "./words/apiKey.ts";
import { codexProblems } from "./words/codex.ts";
import { codexFileProblems } from "./words/codexFile.ts";
import { endpointProblems } from "./words/endpoints.ts";
import { modelProblems } from "./words/models.ts";
import { networkProblems } from "./words/network.ts";
import { sessionProblems } from "./words/sessions.ts";
import { settingProblems } from "./words/settings.ts";
import { signInProblems } from "./words/signIn.ts";

/**
 * Everything that can go wrong for a person, by its code, with the sentence they see. Sentences are fixed: no text from
 * a server or a file gets into them.
 */
const problems = {
  ...accountProblems,
  ...apiKeyProblems,
  ...codexProblems,
  ...codexFileProblems,
  ...endpointProblems,
  ...modelProblems,
  ...networkProblems,
  ...sessionProblems,
  ...settingProblems,
  ...signInProblems,
};

export type ProblemCode = keyof typeof problems;

/** The placeholders in the sentence of a problem; most have none. */
export type ProblemParams<Code extends ProblemCode> = Parameters<(typeof problems)[Code]>;

/** The sentence of a problem, in the language of the person. */
export function problemSentence<Code extends ProblemCode>(code: Code, ...params: ProblemParams<Code>): string {
  const sentence = problems[code] as (...params: ProblemParams<Code>) => string;
  return sentence(...params);
}

/** For an error of someone else's code. */
export function unexpectedSentence(): string {
  return l10n.t("Something went wrong. Check the log for details.");
}
