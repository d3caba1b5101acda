import { describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import { byDisk, describePurposes, isNeededToBoot, storageUsesOn, storageUsesPerhapsOn } from "./storage-in-use";

/** The host loses a disk that it boots from or runs on, or may lose it. */
export const bootDevice: GuardRule = {
  judge: ({ facts, lost }) =>
    lost.flatMap((device) => {
      const known = byDisk(facts, device, storageUsesOn(facts, device).filter(isNeededToBoot));
      const unknown = storageUsesPerhapsOn(facts, device).filter(isNeededToBoot);
      return [
        ...known.map(
          ([disk, uses]) =>
            `${describeDevice(device)} carries ${disk}, which the host uses for ${describePurposes(uses)}: the host cannot run without it`,
        ),
        ...(known.length > 0 || unknown.length === 0
          ? []
          : [
              `${describeDevice(device)} may carry ${describePurposes(unknown)} of the host, which could not be traced to a device: the host cannot run without it`,
            ]),
      ];
    }),
};
