import { createHash, randomBytes, randomInt } from "node:crypto";
import { type Call, openAiError, sendHtml, sendJson } from "./http.ts";
import { deviceCodePage, messagePage } from "./pages.ts";
import type { IssuerState } from "./state.ts";
import { clientId } from "./types.ts";

interface DeviceAttempt {
  deviceAuthId: string;
  userCode: string;
  expires: number;
  verifier: string;
  challenge: string;
  state: string;
  code?: string;
  denied?: true;
}

const codeLetters = "BCDFGHJKLMNPQRSTVWXZ0123456789";

function newUserCode(): string {
  const letters = Array.from({ length: 9 }, () => codeLetters.charAt(randomInt(codeLetters.length)));
  return `${letters.slice(0, 4).join("")}-${letters.slice(4).join("")}`;
}

/**
 * OpenAI's device authorization, as openai/codex uses it. The person's browser goes through an ordinary authorization
 * request, with the redirect URI `{issuer}/deviceauth/callback` and a PKCE pair that is created here.
 */
export class DeviceAuthorization {
  readonly #attempts: DeviceAttempt[] = [];
  readonly #issuer: string;
  readonly #state: IssuerState;

  constructor(issuer: string, state: IssuerState) {
    this.#issuer = issuer;
    this.#state = state;
  }

  /** `POST /api/accounts/deviceauth/usercode` */
  start({ res, params, seen }: Call): void {
    const { enabled, interval, lifetime, userCodeField } = this.#state.device;
    const outcome = !enabled ? "disabled" : params.client_id === clientId ? "issued" : "refused";
    this.#state.record({ type: "deviceUserCode", ...seen, outcome });
    if (outcome === "disabled") {
      sendJson(res, 404, openAiError("not_found", "Not found"));
      return;
    }
    if (outcome === "refused") {
      sendJson(res, 400, openAiError("invalid_client", "Unknown client"));
      return;
    }
    const verifier = randomBytes(64).toString("base64url");
    const attempt: DeviceAttempt = {
      deviceAuthId: `deviceauth_${randomBytes(24).toString("hex")}`,
      userCode: newUserCode(),
      expires: Date.now() + lifetime * 1000,
      verifier,
      challenge: createHash("sha256").update(verifier).digest("base64url"),
      state: randomBytes(32).toString("base64url"),
    };
    this.#attempts.push(attempt);
    this.#state.remember("device_auth_id", attempt.deviceAuthId);
    this.#state.remember("user_code", attempt.userCode);
    this.#state.remember("code_verifier", verifier);
    sendJson(res, 200, {
      device_auth_id: attempt.deviceAuthId,
      [userCodeField]: attempt.userCode,
      interval: String(interval),
      expires_at: new Date(attempt.expires + this.#state.clockSkew * 1000).toISOString(),
    });
  }

  /** `POST /api/accounts/deviceauth/token`: 403 while the person has not finished. */
  poll({ res, params, seen }: Call): void {
    const { device_auth_id: id, user_code: userCode } = params;
    const attempt = this.#attempts.find((each) => each.deviceAuthId === id && each.userCode === userCode);
    const outcome =
      attempt === undefined
        ? "unknown"
        : attempt.denied
          ? "denied"
          : attempt.code !== undefined
            ? "issued"
            : attempt.expires <= Date.now()
              ? "expired"
              : "pending";
    this.#state.record({ type: "devicePoll", ...seen, outcome });
    switch (outcome) {
      case "issued":
        sendJson(res, 200, {
          authorization_code: attempt?.code,
          code_challenge: attempt?.challenge,
          code_verifier: attempt?.verifier,
        });
        return;
      case "denied":
        sendJson(res, 400, openAiError("access_denied", "The sign-in was cancelled."));
        return;
      case "expired":
        sendJson(res, 400, openAiError("expired_token", "The device code has expired."));
        return;
      default:
        sendJson(res, 403, openAiError("deviceauth_authorization_unknown", "Device authorization is pending."));
        return;
    }
  }

  /** `/codex/device`: asks for the code, then sends the browser through the authorization request. */
  page({ req, res, params }: Call): void {
    if (req.method !== "POST") {
      sendHtml(res, 200, deviceCodePage());
      return;
    }
    const entered = (params.user_code ?? "").toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
    const attempt = this.#attempts.find(
      (each) =>
        each.userCode.replace("-", "") === entered &&
        each.expires > Date.now() &&
        each.code === undefined &&
        each.denied === undefined,
    );
    if (attempt === undefined) {
      sendHtml(res, 200, deviceCodePage("This code is wrong or has expired."));
      return;
    }
    const authorize = new URL("/oauth/authorize", this.#issuer);
    authorize.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: `${this.#issuer}/deviceauth/callback`,
      scope: "openid profile email offline_access",
      code_challenge: attempt.challenge,
      code_challenge_method: "S256",
      state: attempt.state,
    }).toString();
    res.statusCode = 303;
    res.setHeader("location", authorize.href);
    res.end();
  }

  /** `/deviceauth/callback`: keeps the code for the device. */
  callback({ res, url }: Call): void {
    const asked = url.searchParams.get("state") ?? "";
    // A test may have asked for a suffix to the state.
    const attempt = this.#attempts.find((each) => asked.startsWith(each.state));
    if (attempt === undefined) {
      sendHtml(res, 400, messagePage("Not connected", "This request is not known."));
      return;
    }
    const code = url.searchParams.get("code");
    this.#state.record({ type: "deviceApproved", outcome: code === null ? "denied" : "approved" });
    if (code === null) {
      attempt.denied = true;
      sendHtml(res, 200, messagePage("Not connected", "The sign-in was cancelled."));
      return;
    }
    attempt.code = code;
    sendHtml(res, 200, messagePage("Device connected", "You can close this page."));
  }
}
