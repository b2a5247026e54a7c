import { Problem, type ProblemCode } from "../shared/problem.ts";
import type { AppServerFailure } from "./appServer/appServerProcess.ts";
import type { CodexNotFound } from "./appServer/findCodex.ts";
import type { AuthFileProblem, AuthFileReason, UnsupportedKind } from "./authFile/problem.ts";
import type { UnreadableStatus } from "./authFile/read.ts";
import type { WriteFailure } from "./authFile/write.ts";

const notFoundCodes: Readonly<Record<CodexNotFound, ProblemCode>> = {
  notFound: "codexNotFound",
  notAbsolute: "codexPathNotAbsolute",
  notExecutable: "codexPathNotExecutable",
  insideWorkspace: "codexInsideWorkspace",
};

const appServerCodes: Readonly<Record<AppServerFailure, ProblemCode>> = {
  notFound: "codexNotStarted",
  hung: "codexHung",
  died: "codexDied",
  tooOld: "codexTooOld",
  rubbish: "codexOtherProgram",
  refused: "codexRefused",
  cancelled: "codexStopped",
};

const unreadableCodes: Readonly<Record<UnreadableStatus, ProblemCode>> = {
  missing: "authFileMissing",
  denied: "authFileDenied",
  notAFile: "authFileNotAFile",
  tooLarge: "authFileTooLarge",
  notText: "authFileNotText",
  unreadable: "authFileUnreadable",
};

const authFileCodes: Readonly<Record<Exclude<AuthFileReason, "unsupportedKind"> | UnsupportedKind, ProblemCode>> = {
  tooLarge: "authFileTooLarge",
  empty: "authFileEmpty",
  html: "authFileHtml",
  notJson: "authFileNotJson",
  tooDeep: "authFileOther",
  stringTooLong: "authFileOther",
  duplicateKeys: "authFileDuplicateKeys",
  wrongShape: "authFileWrongShape",
  unusableCharacters: "authFileBadCharacters",
  invalidIdToken: "authFileBadIdToken",
  incompleteTokens: "authFileIncomplete",
  noCredential: "authFileNoCredential",
  chatgptAuthTokens: "authFileOtherProgram",
  headers: "authFileHeaders",
  agentIdentity: "authFileAgent",
  personalAccessToken: "authFilePersonalToken",
  bedrock: "authFileBedrock",
  unknown: "authFileUnknownKind",
};

const writeCodes: Readonly<Record<WriteFailure, ProblemCode>> = {
  changed: "authFileChanged",
  failed: "authFileNotWritten",
  exists: "authFileExists",
};

/** Why the Codex CLI was not found. */
export function notFoundProblem(status: CodexNotFound): Problem {
  return new Problem(notFoundCodes[status], status);
}

/** Why the Codex CLI gave no answer. */
export function appServerProblem(failure: AppServerFailure): Problem {
  return new Problem(appServerCodes[failure], failure);
}

/** Why a file could not be read. */
export function unreadableProblem(status: UnreadableStatus): Problem {
  return new Problem(unreadableCodes[status], status);
}

/** Why a text is not a usable auth.json. */
export function authFileProblem(problem: AuthFileProblem): Problem {
  const why = problem.reason === "unsupportedKind" ? problem.kind : problem.reason;
  return new Problem(authFileCodes[why], why);
}

/** These ask the person to choose another file. */
const chosenFileCodes: ReadonlySet<ProblemCode> = new Set([
  "authFileNotAFile",
  "authFileTooLarge",
  "authFileNotText",
  "authFileHtml",
  "authFileOther",
]);

/** The same problem with the file of the Codex CLI on this computer, which nobody chose. */
export function ofOwnFile(problem: Problem): Problem {
  return chosenFileCodes.has(problem.code) ? new Problem("codexFileUnusable", problem.detail) : problem;
}

/** Why an auth.json was not written. */
export function writeProblem(failure: WriteFailure): Problem {
  return new Problem(writeCodes[failure], failure);
}
