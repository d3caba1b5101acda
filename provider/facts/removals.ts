import { z } from "zod";
import { REMOVAL_FILES } from "../claims/claim-file";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** A boot change of this project that was taken back. The host keeps its effect until it reboots. */
export const Removal = z.object({
  version: z.literal(1),
  project: z.string(),
  stack: z.string(),
  /** The key of the claim that ended. */
  key: z.string(),
  /** The boot in which it ended. In any later boot the removal has taken effect. */
  bootId: z.string(),
});
/** A removal, as read from the host. */
export type Removal = z.infer<typeof Removal>;

/** The removals that wait for a reboot of the host. */
export const removalsFact: Fact<readonly Removal[]> = {
  name: "removals",
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
