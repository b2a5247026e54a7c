import type { Credential } from "../../../src/account/credential.ts";
import type { ProblemCode } from "../../../src/shared/problem.ts";
import type { Fault } from "../../issuer/types.ts";

type Reason = NonNullable<Credential["rejected"]>;

/** A fault, and what a person is told when it hits a refresh, the key exchange or a revocation. */
export interface Row {
  name: string;
  fault: Fault;
  shown: ProblemCode;
  /** The refresh token is dead: the account stays, and needs a sign-in for this reason. */
  needsSignIn?: Reason;
  /** The issuer had acted before the fault: the refresh token is used up, and the next refresh finds out. */
  isUsedUp?: boolean;
}

export const passing: readonly Row[] = [
  { name: "hangs", fault: { kind: "slow", delayMs: 2_000 }, shown: "answerLost" },
  { name: "answers 500", fault: { kind: "serverError" }, shown: "serviceFailed" },
  { name: "answers 502", fault: { kind: "serverError", status: 502 }, shown: "serviceFailed" },
  { name: "answers 503", fault: { kind: "serverError", status: 503 }, shown: "serviceFailed" },
  { name: "answers 504", fault: { kind: "serverError", status: 504 }, shown: "serviceFailed" },
  {
    name: "answers 503 with a code that every object has",
    fault: { kind: "status", status: 503, code: "__proto__" },
    shown: "serviceFailed",
  },
  { name: "answers 429", fault: { kind: "status", status: 429 }, shown: "rateLimited" },
  { name: "answers 403 for the region", fault: { kind: "region" }, shown: "regionBlocked" },
  { name: "is hidden by an edge page (403)", fault: { kind: "edgePage" }, shown: "edgeBlocked" },
  { name: "is hidden by a portal's page (200)", fault: { kind: "html" }, shown: "unreadableAnswer" },
  { name: "answers with truncated JSON", fault: { kind: "truncated" }, shown: "unreadableAnswer" },
  { name: "answers with wrong types", fault: { kind: "wrongTypes" }, shown: "unreadableAnswer" },
  { name: "answers with 5 MiB", fault: { kind: "oversized" }, shown: "unreadableAnswer" },
  { name: "redirects", fault: { kind: "redirect" }, shown: "unreadableAnswer" },
  { name: "closes the socket before the answer", fault: { kind: "closeBefore" }, shown: "answerLost" },
  { name: "closes the socket within the answer", fault: { kind: "closeDuring" }, shown: "answerLost" },
  { name: "acts, and closes the socket", fault: { kind: "closeAfter" }, shown: "answerLost", isUsedUp: true },
  {
    name: "acts, and answers 500",
    fault: { kind: "serverError", processed: true },
    shown: "serviceFailed",
    isUsedUp: true,
  },
  {
    name: "acts, and its JSON is truncated",
    fault: { kind: "truncated", processed: true },
    shown: "unreadableAnswer",
    isUsedUp: true,
  },
];

const refusal = (status: number, code?: string): Fault => ({ kind: "status", status, ...(code && { code }) });
export const refusals: readonly Row[] = [
  { name: "401 expired", fault: refusal(401, "refresh_token_expired"), shown: "needsSignIn", needsSignIn: "expired" },
  { name: "401 reused", fault: refusal(401, "refresh_token_reused"), shown: "needsSignIn", needsSignIn: "reused" },
  {
    name: "401 invalidated",
    fault: refusal(401, "refresh_token_invalidated"),
    shown: "needsSignIn",
    needsSignIn: "revoked",
  },
  { name: "401 of an unknown code", fault: refusal(401, "else"), shown: "needsSignIn", needsSignIn: "rejected" },
  { name: "401 without a code", fault: refusal(401), shown: "needsSignIn", needsSignIn: "rejected" },
  { name: "400 invalid_grant", fault: refusal(400, "invalid_grant"), shown: "needsSignIn", needsSignIn: "rejected" },
  {
    name: "403 with one of the codes, in capitals",
    fault: refusal(403, "REFRESH_TOKEN_EXPIRED"),
    shown: "needsSignIn",
    needsSignIn: "expired",
  },
];
