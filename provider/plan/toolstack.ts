import type { HostFacts } from "../facts/host-facts";
import { whyNoLibvirt } from "./silent-libvirt";
import type { ToolstackName } from "./toolstack-name";

/** The toolstack that is used on a host, or why there is none and what to do. */
export type FoundToolstack =
  | {
      readonly kind: "toolstack";
      readonly toolstack: ToolstackName;
      /** Why it was chosen, when the host has several; undefined otherwise. */
      readonly why: string | undefined;
    }
  | { readonly kind: "none"; readonly reason: string };

/** The toolstack that the program asks for, if the host has it; without a request, the host's preferred toolstack. */
export function toolstackOf(facts: HostFacts, asked: ToolstackName | undefined): FoundToolstack {
  const present = toolstacksOf(facts);
  if (asked === "libvirt" && facts.libvirt?.kind !== "answers")
    return { kind: "none", reason: `the program asks for the toolstack libvirt, but ${whyNoLibvirt(facts.libvirt)}` };
  const [first, ...others] = present;
  if (first === undefined) return { kind: "none", reason: noToolstack(facts) };
  if (asked !== undefined && !present.includes(asked)) {
    return {
      kind: "none",
      reason: `the program asks for the toolstack ${asked}, but the host has ${present.join(" and ")}. Remove \`toolstack\`, or name one that the host has`,
    };
  }
  const toolstack = asked ?? first;
  const unless = asked === undefined ? "unless `toolstack` names another" : "as `toolstack` says";
  return {
    kind: "toolstack",
    toolstack,
    why: others.length === 0 ? undefined : `the host has ${present.join(" and ")}: ${toolstack} is used, ${unless}`,
  };
}

/** In order of preference: a toolstack that owns the VMs comes before one that only observes them. */
function toolstacksOf(facts: HostFacts): readonly ToolstackName[] {
  const found: ToolstackName[] = [];
  if (facts.xapi) found.push("xapi");
  // While xend runs, xl refuses every change (tools/libxl/xl.c, 4.2).
  if (facts.xen?.xl && !facts.xend?.answers) found.push("xl");
  if (facts.xen && facts.xend?.answers) found.push("xm");
  // Beside another toolstack libvirt is asked only when the program names it.
  if (facts.libvirt?.kind === "answers" || (facts.libvirt?.kind === "not-asked" && found.length > 0))
    found.push("libvirt");
  return found;
}

function noToolstack(facts: HostFacts): string {
  if (facts.xen === undefined) {
    const orXen = facts.libvirt === undefined ? ". For VMs on Xen, boot the host with Xen instead" : "";
    return `it runs Linux ${facts.machine.kernelRelease} without Xen (/sys/hypervisor/type is not "xen"), and ${whyNoLibvirt(facts.libvirt)}${orXen}`;
  }
  if (facts.xend) return 'it runs on Xen, but "xm list" fails there. Start xend: "service xend start"';
  return 'it runs on Xen, but "xl info" fails there, and it has neither XAPI nor xend. Start the services that xl needs: "systemctl start xencommons" (on Debian: xen)';
}
