import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { refusal, success } from "./answers.ts";

interface Device {
  readonly userCode: string;
  code: string | undefined;
}

/** The issuer's device codes. */
export class DeviceCodes {
  readonly #devices = new Map<string, Device>();
  readonly #authorize: (person: string, signIn: number) => string;

  constructor(authorize: (person: string, signIn: number) => string) {
    this.#authorize = authorize;
  }

  /** A person enters a device code. */
  approve(userCode: string, person: string, signIn: number): void {
    for (const device of this.#devices.values()) {
      if (device.userCode === userCode) device.code ??= this.#authorize(person, signIn);
    }
  }

  answer(path: string, body: Readonly<Record<string, string>>, date: string): HttpResponse {
    if (path.endsWith("/deviceauth/usercode")) return this.#start(date);
    if (!path.endsWith("/deviceauth/token")) return refusal(404, "not_found");
    const code = this.#devices.get(body.device_auth_id ?? "")?.code;
    if (code === undefined) return refusal(403, "authorization_pending");
    return success({ authorization_code: code, code_verifier: "verifier" }, date);
  }

  #start(date: string): HttpResponse {
    const id = `device-${this.#devices.size + 1}`;
    const userCode = `CODE-${this.#devices.size + 1}`;
    this.#devices.set(id, { userCode, code: undefined });
    return success({ device_auth_id: id, user_code: userCode, interval: "5" }, date);
  }
}
