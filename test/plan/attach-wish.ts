import type { AttachWish } from "../../provider/plan/wish";
import { target } from "./recorded-host";

/** A VmPciAttachment that says no more than it must. */
export function attach(device: string, vm: string, more: Partial<AttachWish> = {}): AttachWish {
  return {
    kind: "VmPciAttachment",
    toolstack: undefined,
    target: target(device),
    expect: [],
    allow: [],
    vm,
    scope: "auto",
    options: {},
    ...more,
  };
}
