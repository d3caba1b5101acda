import { functionsOf } from "../../facts/pci-devices";
import { functionOf } from "../../pci/address";
import type { GuardRule } from "./guard";

/** A function is not what the program expects. */
export const identity: GuardRule = {
  judge({ facts, taken, given, target, expect }) {
    if (taken.length === 0 && given.length === 0) return [];
    return functionsOf(facts.pciDevices, target).flatMap((device, index) => {
      const expected = expect[index] ?? {};
      const differs = (["id", "subsystem"] as const).filter(
        (part) => expected[part] !== undefined && expected[part] !== device.identity[part],
      );
      return differs.map(
        (part) =>
          `${device.address} is ${device.identity.label} with ${part} ${device.identity[part]}, but the program expects ${expected[part]} (function ${functionOf(device.address)}): the hardware was changed or renumbered. Declare its new address (lspci -nn), or correct \`expect\``,
      );
    });
  },
};
