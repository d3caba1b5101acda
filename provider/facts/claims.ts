import { z } from "zod";
import { parsePciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

const Address = z.string().transform((text, context) => {
  const address = parsePciAddress(text);
  if (!address) context.addIssue("not a PCI address");
  return address ?? z.NEVER;
});

/**
 * What this project wrote on the host about one declaration: who it is, and what was there before it.
 * Claims outlive provider versions: fields are only ever added, and added ones are optional.
 */
export const Claim = z.object({
  version: z.literal(1),
  /** Random; a delete acts only with the token that the claim still has. */
  token: z.string(),
  /** For people. */
  project: z.string(),
  stack: z.string(),
  label: z.string(),
  kind: z.string(),
  /** The driver of each function before us; null for none. A function found on the stub driver stays there at the end. */
  drivers: z.array(z.object({ address: Address, driver: z.string().nullable() })).default([]),
  /** Entries that we wrote into files, and what it takes to give back the same bytes. */
  entries: z.array(z.object({ path: z.string(), entry: z.string(), undo: z.unknown() })).default([]),
  /** The boot in which functions were last bound to the stub driver: what is not there any more in another boot was lost by a reboot. */
  bootId: z.string().optional(),
  /** Names the last write that needs a reboot of the host, and begins with the boot id of that moment. */
  bootChange: z.string().optional(),
  /** SriovVirtualFunctions: how many there were before us, and how many we made. */
  virtualFunctions: z.object({ before: z.number(), made: z.number() }).optional(),
  /** HostReboot with `when: "always"`: the triggers that a reboot was begun for, and the boot that it was to end. */
  reboot: z.object({ triggers: z.array(z.string()), bootId: z.string() }).optional(),
});
export type Claim = z.infer<typeof Claim>;

/** A claim with its key: the id of the resource without the machine, `AssignableDevice/0000:01:00.0`. */
export interface KeyedClaim {
  readonly key: string;
  readonly claim: Claim;
}

export const STATE_FOLDER = "/var/lib/pulumi-pci-passthrough";
/** What counts until the next boot alone; hosts empty /var/run then (Filesystem Hierarchy Standard 3.0, 3.15). */
export const RUN_FOLDER = "/var/run/pulumi-pci-passthrough";

export function claimPath(key: string): string {
  return `${STATE_FOLDER}/claims/${key.replaceAll("/", ",")}`;
}

export const claimsFact: Fact<readonly KeyedClaim[]> = {
  name: "claims",
  ask: `print_files ${STATE_FOLDER}/claims/*`,
  parse: (answer) =>
    readTextFiles(answer.text).flatMap((file) => {
      const claim = readClaim(file.text);
      return claim ? [{ key: file.path.slice(claimPath("").length).replaceAll(",", "/"), claim }] : [];
    }),
};

/** ASCII alone, so that the bytes on the host are those of the text. */
export function formatClaim(claim: Claim): string {
  const asEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(claim).replace(/[^ -~]/g, asEscape)}\n`;
}

function readClaim(text: string): Claim | undefined {
  try {
    return Claim.parse(JSON.parse(text));
  } catch {
    return undefined; // Damaged, or of a later version with another meaning: it protects nothing that we could give back.
  }
}
