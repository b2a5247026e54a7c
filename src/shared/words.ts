import * as l10n from "@vscode/l10n";
import { accountProblems } from "./words/account.ts";
import { apiKeyProblems } from "./words/apiKey.ts";
import { endpointProblems } from "./words/endpoints.ts";
import { networkProblems } from "./words/network.ts";
import { signInProblems } from "./words/signIn.ts";

/**
 * Everything that can go wrong for a person, by its code, with the sentence they see. Sentences are fixed text of ours:
 * no word of a server or a file enters them.
 */
const problems = {
  ...accountProblems,
  ...apiKeyProblems,
  ...endpointProblems,
  ...networkProblems,
  ...signInProblems,
};

export type ProblemCode = keyof typeof problems;

/** What the sentence of a problem names; most name nothing. */
export type ProblemParams<Code extends ProblemCode> = Parameters<(typeof problems)[Code]>;

/** The sentence of a problem, in the language of the person. */
export function problemSentence<Code extends ProblemCode>(code: Code, ...params: ProblemParams<Code>): string {
  const sentence = problems[code] as (...params: ProblemParams<Code>) => string;
  return sentence(...params);
}

/** For an error that is none of ours. */
export function unexpectedSentence(): string {
  return l10n.t("Something unexpected went wrong. The log has the details.");
}
