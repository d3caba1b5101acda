import { isBridge } from "../../facts/pci-devices";
import { describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host would lose a bridge, or a VM get one, which no VM can. */
export const bridge: GuardRule = {
  judge: ({ facts, lost, given }) =>
    [...new Set([...lost, ...given.flatMap(({ address }) => facts.pciDevices.get(address) ?? [])])]
      .filter(isBridge)
      .map(
        (device) =>
          `${describeDevice(device)} is a bridge, which VMs cannot get. Name one of the devices behind it instead`,
      ),
};
