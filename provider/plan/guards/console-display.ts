import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses the display that it boots with. */
export const consoleDisplay: GuardRule = {
  judge: ({ facts, lost }) =>
    lost
      .filter((device) => facts.console.displays.some((address) => carries(facts, device, address)))
      .map((device) => `${describeDevice(device)} is the display that the host boots with: its console would go dark`),
};
