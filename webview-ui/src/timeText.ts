import { html, type TemplateResult } from "lit";
import { absoluteTime, isoTime, relativeTime } from "./format.ts";
import { locale } from "./language.ts";

/** A time twice: how far from now, and as local date and time of day. */
export function timeText(at: number, now: number): TemplateResult {
  return html`<time datetime=${isoTime(at)}
    >${relativeTime(at, now, locale)} <span class="detail">· ${absoluteTime(at, locale)}</span></time
  >`;
}
