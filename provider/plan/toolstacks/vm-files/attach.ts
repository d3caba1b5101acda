import type { HostFacts } from "../../../facts/host-facts";
import { isNoVm, vmConfigs } from "../../../facts/vm-configs";
import { formatPciTarget, type PciAddress } from "../../../pci/address";
import { coversFunction } from "../../../vm-text/spec-string";
import { parseXlConfig } from "../../../vm-text/xl-config";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";
import { originalOf } from "../../claim";
import { gain, loss, neither } from "../../effect";
import type { Judgement } from "../../guards/guards";
import { join, NOTHING, type Part, part, refuse } from "../../part";
import type { Attachment } from "../../vm-planner";
import type { AttachWish } from "../../wish";
import { entriesInVm, isConfigured, notEditable, withEntries } from "./config-entries";
import type { FileToolstack } from "./file-toolstack";
import type { FileVm } from "./find-vm";
import { guestCautions } from "./guest-cautions";
import { planHotPlug } from "./hot-plug";

/** Drafts the edit of a VM's configuration, and the hot-plug where possible. */
export function draftAttach(tools: FileToolstack, attachment: Attachment<FileVm>): Part {
  const { facts, wish, vm, devices, key, entries } = attachment;
  if (wish.scope !== "live" && !vm.config) return refuse(noConfigFile(vm));
  if (wish.scope === "live" && !vm.domain)
    return refuse(`the VM "${vm.name}" is not running, and scope is "live". Start the VM, or remove scope`);
  const edit = configEdit(tools, attachment);
  if (edit.judgements.length > 0) return edit;
  const unable = tools.whyNotOptions(facts, wish.options);
  const beside = tools.editsBeside(facts, { key, devices, options: wish.options }, entries);
  return join(
    unable === undefined ? NOTHING : refuse(unable),
    beside,
    edit,
    planHotPlug(tools, attachment),
    part({
      warnings: guestCautions(facts, wish, vm, devices),
      judgements: edit.steps.length > 0 ? judgeOtherVms(tools, facts, wish, vm) : [],
    }),
  );
}

function configEdit(
  tools: FileToolstack,
  { facts, wish, vm, devices, key, entries: claimEntries }: Attachment<FileVm>,
): Part {
  if (!vm.config) return part({ entries: claimEntries });
  const { file } = vm.config;
  const claimed = entriesInVm(claimEntries);
  const live = wish.scope === "live";
  const gives = live ? [] : devices.map((device) => device.address);
  const edited = withEntries(facts, file, claimed, {
    addresses: gives,
    options: tools.fileOptions(wish.options),
    passthrough: live && tools.needsPassthrough(facts),
    language: tools.language,
  });
  if (edited.kind === "error") return refuse(notEditable(file.path, edited));
  const { entries } = edited;
  if (edited.text === file.text) return part({ entries });
  const original = originalOf(facts, key, file.target, claimed.length > 0 ? "leave" : "keep");
  const seizes = seizedFrom(facts, edited.text, gives, tools.language);
  const what = live ? 'passthrough="enabled"' : formatPciTarget(wish.target);
  return part({
    steps: [
      {
        kind: "edit-vm-file",
        path: file.target,
        before: file.text,
        after: edited.text,
        original,
        vm: { name: vm.name, uuid: vm.config.parsed.uuid },
        gives,
        seizes,
      },
    ],
    entries,
    effects: [
      (live ? neither : gain)(`the VM "${vm.name}" gets ${what} at its next start, by ${file.path}`),
      ...seizes.map((address) =>
        loss(
          `when the VM "${vm.name}" starts, xl takes ${address} from its driver ${facts.pciDevices.get(address)?.driver} (seize)`,
        ),
      ),
    ],
  });
}

/** The functions that xl takes from a driver of the host when it starts a VM with this configuration. */
function seizedFrom(
  facts: HostFacts,
  text: string,
  addresses: readonly PciAddress[],
  language: ConfigLanguage,
): readonly PciAddress[] {
  const config = parseXlConfig(text, language);
  if (config.kind === "error") return [];
  return addresses.filter((address) => {
    const entry = config.pci.find(({ spec }) => coversFunction(spec, address));
    const driver = facts.pciDevices.get(address)?.driver;
    const seize = entry?.spec?.options.seize ?? config.pciDefaults.seize ?? false;
    return seize && driver !== undefined && driver !== "pciback";
  });
}

function judgeOtherVms(tools: FileToolstack, facts: HostFacts, wish: AttachWish, vm: FileVm): readonly Judgement[] {
  return vmConfigs(facts.files)
    .filter(
      (file) =>
        !isNoVm(file) && file.target !== vm.config?.file.target && isConfigured(file, wish.target, tools.language),
    )
    .map((file) => ({
      guard: "configured-in-other-vm",
      evidence: `${file.path} has ${formatPciTarget(wish.target)} too, so the two VMs cannot run at the same time`,
    }));
}

function noConfigFile(vm: FileVm): string {
  return `the VM "${vm.name}" is running, but no file in /etc/xen has its configuration. Set vm to the file it was started from, or set scope to "live"`;
}
