import type { HostFacts } from "../../../facts/host-facts";
import { xenIsAtLeast } from "../../../facts/xen";
import type { AttachOptions } from "../../../vm-text/attach-options";
import { XM_LANGUAGE } from "../../../vm-text/xl-config-language";
import { join } from "../../part";
import type { VmPlanner } from "../../vm-planner";
import type { FileToolstack } from "./file-toolstack";
import { fileVms } from "./file-vms";
import { editPermissive } from "./permissive";
import { editQuirks } from "./quirks";

/**
 * The first Xen whose xm understands an option (xen's git history: f86db27518, f3cc74d2f1, 5534b7d986). An older xm
 * silently drops the whole entry (preprocess_pci). `permissive` and `quirks` are files of xend; all other options came
 * with xl.
 */
const XM_SINCE: { readonly [option in keyof AttachOptions]?: string } = {
  permissive: "3.0",
  quirks: "3.0",
  msitranslate: "3.4",
  powerManagement: "3.4",
  vslot: "3.4",
};

const XM: FileToolstack = {
  name: "xm",
  language: XM_LANGUAGE,
  whyNotOptions(facts, options) {
    const wanted = (Object.keys(options) as (keyof AttachOptions)[]).filter((option) => options[option] !== undefined);
    return wanted.map((option) => whyNotOption(facts, option)).find((reason) => reason !== undefined);
  },
  fileOptions: ({ permissive: _, quirks: __, ...others }) => others,
  editsBeside: (facts, wanted, claimed) =>
    join(editPermissive(facts, wanted, claimed), editQuirks(facts, wanted, claimed)),
  needsPassthrough: () => false,
  whyNotHotPlug: ({ xend }) =>
    xend?.commands.includes("pci-attach")
      ? undefined
      : "xm of this host does not know pci-attach (it came with Xen 3.3), so a VM gets devices only when it starts",
};

/** VMs of hosts with xend: a Python file of any name in /etc/xen, a running domain, or both. */
export const xmVms: VmPlanner = fileVms(XM);

function whyNotOption({ xen }: HostFacts, option: keyof AttachOptions): string | undefined {
  const since = XM_SINCE[option];
  if (since === undefined) return `xm does not know the option ${option}: it came with xl. Remove it`;
  const [major = 0, minor = 0] = since.split(".").map(Number);
  if (!xen || xenIsAtLeast(xen, major, minor)) return undefined;
  return `xm of Xen ${xen.major}.${xen.minor} does not know the option ${option} (since ${since}). Remove it`;
}
