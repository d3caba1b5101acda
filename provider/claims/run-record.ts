import { z } from "zod";
import { asciiJson } from "./ascii-json";
import { STATE_FOLDER } from "./folders";
import { Removal } from "./removal";

/** A boot file that is rebuilt from its sources. An apply rebuilds each once, for all groups that need it. */
export const Regeneration = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("initramfs"),
    /** Module names: an initramfs with none of them and none of our files is left alone. Undefined: always rebuilt. */
    ifItHas: z.array(z.string()).readonly().optional(),
  }),
  /** `path`: the grub.cfg that the host boots from. */
  z.object({ what: z.literal("grub-config"), path: z.string() }),
  /** The loader entries that proxmox-boot-tool makes from /etc/kernel/cmdline, on partitions that are not mounted. */
  z.object({ what: z.literal("proxmox-boot") }),
  /** The menu in which the next boot is on trial. `title`: the entry of grub.cfg that it boots; `seconds`: of its uptime. */
  z.object({ what: z.literal("boot-trial"), title: z.string(), seconds: z.number() }),
  /** The menu without a boot on trial. */
  z.object({ what: z.literal("boot-trial-end") }),
]);
/** A boot file that is rebuilt from its sources, parsed. */
export type Regeneration = Readonly<z.infer<typeof Regeneration>>;
/** The name of a kind of boot file that can be rebuilt. */
export type Regenerated = Regeneration["what"];

/**
 * What a run still has to do once its steps are done. It is on the host from before the first step until then, so that
 * what a run that was cut off owes is known to the next one.
 */
export const RunRecord = z.object({
  version: z.literal(1),
  /** What is rebuilt from sources that the run edits. */
  regenerate: z.array(Regeneration).readonly(),
  /** The keys of claims whose boot change takes effect at the boot after the regenerations. */
  bootChanges: z.array(z.string()).readonly(),
  /** The boot changes that it takes back; so do these, whatever boot they name. */
  removals: z.array(Removal).readonly(),
  /** Files whose last entry of ours it removes: the copies of their original texts go. */
  forget: z.array(z.string()).readonly(),
});
/** What a run still has to do once its steps are done, parsed. */
export type RunRecord = Readonly<z.infer<typeof RunRecord>>;

/** The glob of the records of all runs that have not ended. */
export const RUN_RECORD_FILES = `${STATE_FOLDER}/unfinished/*`;

/** The path of the record of a run. */
export function runRecordPath(runId: string): string {
  return `${STATE_FOLDER}/unfinished/${runId}`;
}

/** The text of a record. */
export function formatRunRecord(record: RunRecord): string {
  return `${asciiJson(record)}\n`;
}

/** Reads the text of a record; undefined when it is damaged or of a newer version. */
export function parseRunRecord(text: string): RunRecord | undefined {
  try {
    return RunRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
