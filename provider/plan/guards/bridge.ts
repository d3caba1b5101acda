import { isBridge } from "../../facts/pci-devices";
import { describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses a bridge, which no VM can get. */
export const bridge: GuardRule = {
  override: "never",
  judge: ({ lost }) =>
    lost
      .filter(isBridge)
      .map(
        (device) =>
          `${describeDevice(device)} is a bridge, which VMs cannot get. Name one of the devices behind it instead`,
      ),
};
