import { describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import { isNeededToBoot, storageUsesOn } from "./storage-in-use";

/** The host loses a disk that it boots from or runs on. */
export const bootDevice: GuardRule = {
  override: "allow",
  judge: ({ facts, lost }) =>
    lost.flatMap((device) =>
      storageUsesOn(facts, device)
        .filter(isNeededToBoot)
        .map(
          ({ blockDevices, mountPoint }) =>
            `${describeDevice(device)} carries ${blockDevices.at(-1) ?? "a disk"}, which the host uses for ${mountPoint}: the host cannot run without it`,
        ),
    ),
};
