import { z } from "zod";

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
/** A removal, parsed. */
export type Removal = z.infer<typeof Removal>;
