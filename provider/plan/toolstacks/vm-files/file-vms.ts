import { fromBytes } from "../../../bytes";
import { runningDomains } from "../../../facts/domains";
import { isNoVm, vmConfigs } from "../../../facts/vm-configs";
import { coversFunction } from "../../../vm-text/spec-string";
import { vmPlanner } from "../../attachment";
import type { VmPlanner } from "../../vm-planner";
import { draftAttach } from "./attach";
import { draftDetach } from "./detach";
import type { FileToolstack } from "./file-toolstack";
import { type FileVm, findVm } from "./find-vm";

/** The planner for VMs that are configuration files. */
export function fileVms(tools: FileToolstack): VmPlanner {
  return vmPlanner<FileVm>({
    list: (facts) => [
      ...vmConfigs(facts.files)
        .filter((file) => !isNoVm(file))
        .map((file) => fromBytes(file.path)),
      ...runningDomains(facts).map(({ name }) => name),
    ],
    find: (facts, vm) => findVm(tools, facts, vm),
    attach: (attachment) => draftAttach(tools, attachment),
    detach: (detachment) => draftDetach(tools, detachment),
    isAttachedLive: (_, { domain }, address) =>
      domain?.pciDevices.some((device) => device.address === address) ?? false,
    isConfigured: (_, { config }, address) =>
      config?.parsed.pci.some((entry) => coversFunction(entry.spec, address)) ?? false,
  });
}
