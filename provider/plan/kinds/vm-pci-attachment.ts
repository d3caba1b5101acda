import { z } from "zod";
import { parseKey } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { formatPciTarget } from "../../pci/address";
import { parseConfigSpaceField } from "../../vm-text/xend-pci-quirks";
import { claimKey, claimOfResource, findClaim } from "../claim";
import { neither } from "../effect";
import { whyNoVms } from "../host-fitness";
import { deviceInputs, deviceWish } from "../inputs/device-inputs";
import { defineKind } from "../kind";
import { join, type Part, part, refuse, unchanged } from "../part";
import { deviceOutputs, type Status, statusOf } from "../status";
import { toolstackOf } from "../toolstack";
import { vmPlannerOf } from "../toolstacks/vm-planners";
import type { AttachWish, PlanContext } from "../wish";

const field = z.string().transform((text, context) => {
  const parsed = parseConfigSpaceField(text);
  if (parsed === undefined) {
    context.addIssue(
      `must be register:size:mask in hexadecimal, with a size of 1, 2 or 4 bytes: "000000e0:2:00000000" (got ${JSON.stringify(text)})`,
    );
  }
  return parsed ?? z.NEVER;
});

/** VmPciAttachment: a VM has functions from its next start, and now if it runs and the host can hot-plug. */
export const vmPciAttachment = defineKind({
  description:
    "Gives a device to a VM: as an entry in its configuration, and by hot-plug in the running VM where that is wanted and possible. `pending` is `vm-restart` while only a restart of the VM can complete it. A destroy detaches the device and removes the entry.",
  inputs: z.strictObject({
    ...deviceInputs,
    vm: z
      .string()
      .min(1, "must not be empty")
      .regex(/^[^\n\r\0]*$/, "must be one line: the name, the uuid or the configuration file of a VM")
      .describe("The VM: its name, its UUID, or the path of its configuration file on the host."),
    scope: z
      .enum(["config", "live", "both"])
      .meta({ id: "AttachmentScope", description: "Where a VM gets a device." })
      .optional()
      .describe(
        "Where the VM gets the device. `config`: in its configuration, from its next start on. `live`: only in the running VM. `both`: in both, and refused where the host cannot hot-plug. Default: in the configuration, and in the running VM too where the host can hot-plug.",
      ),
    permissive: z
      .boolean()
      .optional()
      .describe(
        "Whether a PV guest may write to all of the device's configuration space, which may be unsafe. For Xen: xl, xm, and libvirt from 6.8.0 on. Default: the VM's own setting, else false.",
      ),
    msitranslate: z
      .boolean()
      .optional()
      .describe(
        "Whether the host uses MSI for the device while an HVM guest uses INTx. For xl and xm. Default: the VM's own setting, else false.",
      ),
    powerManagement: z
      .boolean()
      .optional()
      .describe(
        "Whether an HVM guest may change the device's power state. For xl and xm. Default: the VM's own setting, else false.",
      ),
    seize: z
      .boolean()
      .optional()
      .describe(
        "Whether xl makes the device assignable when the VM starts; not needed beside an AssignableDevice. For xl. Default: the VM's own setting, else false.",
      ),
    rdmPolicy: z
      .enum(["strict", "relaxed"])
      .meta({
        id: "RdmPolicy",
        description: "What xl does if memory that the firmware reserves for a device collides.",
      })
      .optional()
      .describe(
        "What xl does if memory that the firmware reserves for the device (RMRR) collides with the guest's: refuse to start the VM (`strict`), or only warn (`relaxed`). For xl from 4.6 on. Default: the VM's own setting, else xl's.",
      ),
    vslot: z
      .int()
      .min(0)
      .max(31)
      .optional()
      .describe("Slot on the guest's PCI bus, from 0 to 31; 0 lets the toolstack choose. Default: 0."),
    quirks: z
      .array(field)
      .min(1, "must name a field; without fields, remove quirks")
      .optional()
      .describe(
        'Fields of the configuration space that the guest may write as well, as in `/etc/xen/xend-pci-quirks.sxp`: `register:size:mask` in hexadecimal, with a size of 1, 2 or 4 bytes. `"000000e0:2:00000000"` is the register 0xe0, 2 bytes, and a mask that nothing uses. For xm. Default: none.',
      ),
  }),
  outputs: deviceOutputs,
  keyInputs: ["device", "vm"],
  identity: [],
  changesBoot: false,
  previewedWithout: [],
  foretold: ["functions", "configured", "active", "pending"],
  property: "device",
  wish(inputs): AttachWish {
    const { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot, quirks } = inputs;
    const options = { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot, quirks };
    return {
      kind: "VmPciAttachment",
      ...deviceWish(inputs),
      vm: inputs.vm,
      scope: inputs.scope ?? "auto",
      options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    };
  },
  key(facts, wish) {
    const vm = vmOf(facts, wish);
    return vm && claimKey(wish, vm.key);
  },
  // The VM may have been renamed since.
  stored: (wish, key) => ({ ...wish, vm: parseKey(key)?.vm ?? wish.vm }),
  present(facts, wish, context) {
    const planner = vmPlannerOf(facts, wish);
    const unable = whyNoVms(facts, wish);
    if (!planner || unable !== undefined)
      return refuse(unable ?? "it has no toolstack that manages VMs. Install one, such as libvirt");
    return withChoice(facts, wish, planner.attach(facts, wish, context));
  },
  absent: (facts, wish, context) =>
    vmPlannerOf(facts, wish)?.detach(facts, wish, context) ?? endUnseen(facts, wish, context),
  status: statusOfAttachment,
  isGone(facts, wish, key) {
    if (findClaim(facts, key) || vmPlannerOf(facts, wish)?.find(facts, wish.vm).kind === "unreadable") return false;
    const { configured, active } = statusOfAttachment(facts, wish, key);
    return !configured && !active;
  },
  purpose(facts, wish, purpose) {
    const device = formatPciTarget(wish.target);
    const vm = (facts && vmOf(facts, wish)?.name) ?? wish.vm;
    return purpose === "present" ? `attach ${device} to the VM "${vm}"` : `detach ${device} from the VM "${vm}"`;
  },
});

function statusOfAttachment(facts: HostFacts, wish: AttachWish, key: string): Status {
  const planner = vmPlannerOf(facts, wish);
  const running = vmOf(facts, wish)?.running ?? false;
  return statusOf(facts, wish, functionsOf(facts.pciDevices, wish.target), key, {
    active: (address) => planner?.isAttachedLive(facts, wish.vm, address) ?? false,
    configured: (address) => planner?.isConfigured(facts, wish.vm, address) ?? false,
    pending: ({ configured, active }) =>
      configured !== active && running && wish.scope !== "live" ? "vm-restart" : "none",
  });
}

/** The end of an attachment on a host whose VMs cannot be read. A claim stays, together with what it records. */
function endUnseen(facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Part {
  const gone = "it no longer has a toolstack";
  if (!claimOfResource(facts, claimKey(wish, wish.vm), owner)) return unchanged(gone);
  return refuse(whyNoVms(facts, wish) ?? gone);
}

/** On a host with several toolstacks, adds the effect that names the one used. */
function withChoice(facts: HostFacts, wish: AttachWish, draft: Part): Part {
  const found = toolstackOf(facts, wish.toolstack);
  const why = found.kind === "toolstack" && draft.steps.length > 0 ? found.why : undefined;
  return why === undefined ? draft : join(draft, part({ effects: [neither(why)] }));
}

function vmOf(facts: HostFacts, wish: AttachWish) {
  const found = vmPlannerOf(facts, wish)?.find(facts, wish.vm);
  return found?.kind === "found" ? found.vm : undefined;
}
