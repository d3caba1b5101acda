import { REMOVAL_FILES } from "../claims/claim-file";
import { Removal } from "../claims/removal";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** The removals that wait for a reboot of the host. */
export const removalsFact: Fact<readonly Removal[]> = {
  name: "removals",
  about: ["claims"],
  ask: `print_files ${REMOVAL_FILES}`,
  parse: (answer) =>
    readTextFiles(answer.text).flatMap((file) => {
      try {
        return [Removal.parse(JSON.parse(file.text))];
      } catch {
        return []; // It only says that a reboot is due.
      }
    }),
};
