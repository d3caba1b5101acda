import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses a serial line that its console is on. */
export const consoleSerial: GuardRule = {
  judge: ({ facts, lost }) =>
    lost.flatMap((device) =>
      facts.console.serialLines
        .filter(({ carriedBy }) => carries(facts, device, carriedBy))
        .map(
          ({ name }) =>
            `${describeDevice(device)} carries the serial line ${name}, which the host has its console on: it would lose that console`,
        ),
    ),
};
