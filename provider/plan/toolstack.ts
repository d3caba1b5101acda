import type { HostFacts } from "../facts/host-facts";
import { libvirtSays } from "./silent-libvirt";

/** What manages the VMs of a host. */
export const TOOLSTACKS = ["xl", "xapi", "libvirt", "xm"] as const;
export type Toolstack = (typeof TOOLSTACKS)[number];

export type FoundToolstack =
  | {
      readonly kind: "toolstack";
      readonly toolstack: Toolstack;
      /** Why this one, where the host has another one too. */
      readonly why: string | undefined;
    }
  | { readonly kind: "none"; readonly reason: string };

/** The toolstack that the program asks for, where the host has it; else the one that a host of this kind is managed with. */
export function toolstackOf(facts: HostFacts, asked: Toolstack | undefined): FoundToolstack {
  const there = toolstacksOf(facts);
  if (asked === "libvirt" && facts.libvirt?.kind !== "answers")
    return { kind: "none", reason: `the program asks for the toolstack libvirt, and ${libvirtSays(facts.libvirt)}` };
  const [first, ...others] = there;
  if (first === undefined) return { kind: "none", reason: noToolstack(facts) };
  if (asked !== undefined && !there.includes(asked)) {
    return {
      kind: "none",
      reason: `the program asks for the toolstack ${asked}, and the host has ${there.join(" and ")}. Leave \`toolstack\` out, or name that`,
    };
  }
  const toolstack = asked ?? first;
  const choice = asked === undefined ? "since the program names none" : "which the program names";
  return {
    kind: "toolstack",
    toolstack,
    why: others.length === 0 ? undefined : `the host has ${there.join(" and ")}: ${toolstack} is used, ${choice}`,
  };
}

/** In order of preference: the toolstack that owns the VMs comes before one that only looks at them. */
function toolstacksOf(facts: HostFacts): readonly Toolstack[] {
  const found: Toolstack[] = [];
  if (facts.xapi) found.push("xapi");
  // While xend runs, xl refuses whatever changes something (tools/libxl/xl.c, 4.2).
  if (facts.xen?.xl && !facts.xend?.answers) found.push("xl");
  if (facts.xen && facts.xend?.answers) found.push("xm");
  // Beside another toolstack libvirt is asked only when the program names it.
  if (facts.libvirt?.kind === "answers" || (facts.libvirt?.kind === "not-asked" && found.length > 0))
    found.push("libvirt");
  return found;
}

function noToolstack(facts: HostFacts): string {
  if (facts.xen === undefined)
    return `it does not run on Xen (/sys/hypervisor/type does not say so), and ${libvirtSays(facts.libvirt)}`;
  if (facts.xend) return 'it runs on Xen, but "xm list" does not answer there. Start xend: service xend start';
  return 'it runs on Xen, but "xl info" does not answer there, and it has neither XAPI nor xend. Start what xl needs: systemctl start xencommons (on Debian: xen)';
}
