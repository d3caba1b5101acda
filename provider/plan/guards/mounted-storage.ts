import { describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import { isNeededToBoot, storageUsesOn } from "./storage-in-use";

/** The host loses a disk that is in use. */
export const mountedStorage: GuardRule = {
  override: "allow",
  judge: ({ facts, lost }) =>
    lost.flatMap((device) =>
      storageUsesOn(facts, device)
        .filter((use) => !isNeededToBoot(use))
        .map(
          ({ blockDevices, mountPoint }) =>
            `${describeDevice(device)} carries ${blockDevices.at(-1) ?? "a disk"}, which the host uses for ${mountPoint}. Unmount it first`,
        ),
    ),
};
