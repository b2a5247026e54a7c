import type { Busy, View } from "../../src/shared/panelProtocol.ts";

/** Whether an action is under way, whose buttons are then shown as busy. */
export function isBusy({ busy }: View, action: Busy): boolean {
  return busy.includes(action);
}
