import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses a keyboard. */
export const consoleInput: GuardRule = {
  judge: ({ facts, lost }) =>
    lost.flatMap((device) => {
      const keyboards = facts.console.keyboards.filter(({ carriedBy }) => carries(facts, device, carriedBy));
      const names = keyboards.map(({ name }) => `"${name}"`).join(" and ");
      return names === ""
        ? []
        : [`${describeDevice(device)} has the keyboard ${names}: the host would have no keyboard`];
    }),
};
