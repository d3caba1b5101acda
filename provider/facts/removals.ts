import { z } from "zod";
import { removalPath } from "../claims/folders";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** A boot change of ours that was taken back, of which the host still has the old effect until it reboots. */
export const Removal = z.object({
  version: z.literal(1),
  project: z.string(),
  stack: z.string(),
  /** The claim that ended. */
  key: z.string(),
  /** The boot in which it ended; in any later one it counts no more. */
  bootId: z.string(),
});
export type Removal = z.infer<typeof Removal>;

export const removalsFact: Fact<readonly Removal[]> = {
  name: "removals",
  ask: `print_files ${removalPath("*")}`,
  parse: (answer) =>
    readTextFiles(answer.text).flatMap((file) => {
      try {
        return [Removal.parse(JSON.parse(file.text))];
      } catch {
        return []; // It only tells that a reboot would do good.
      }
    }),
};
