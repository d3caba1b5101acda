import { z } from "zod";
import { entriesOf } from "../../claims/claim-entry";
import { bootTrialOf } from "../../facts/boot-trial";
import type { KeyedClaim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { isStubDriver, standsFor } from "../../facts/stub-drivers";
import { formatPciTarget } from "../../pci/address";
import { simulate } from "../../steps/steps";
import {
  claimedDrivers,
  claimFor,
  claimKey,
  claimsBeside,
  distinctEntries,
  dropClaim,
  endClaim,
  findClaim,
  isClaimedAssignable,
  judgeClaim,
  noteRemoval,
} from "../claim";
import { gain, loss, neither } from "../effect";
import { lossOf } from "../effects";
import { owesRegenerations } from "../finish-runs";
import { FAILED_BOOT, putOnTrial, trialAfterRemoval, type UndoneBy } from "../hide/boot-trial";
import { chooseMechanism, isHidden, mechanismOf } from "../hide/hide-mechanisms";
import { HIDE_MECHANISM_NAMES } from "../hide-mechanism-name";
import { whyNoDevicesForVms } from "../host-fitness";
import { deviceInputs, deviceWish, STUB_DRIVER_DEFAULT, StubDriverInput } from "../inputs/device-inputs";
import { joinEdits } from "../join-edits";
import { defineKind } from "../kind";
import { noSuchDevice } from "../no-such-device";
import { join, NOTHING, type Part, part, refuse, unchanged } from "../part";
import { deviceOutputs, type Status, statusOf } from "../status";
import { stubDriverOf } from "../stub-driver";
import { trialBootOf } from "../trial-boot";
import type { HideWish, Owner, PlanContext } from "../wish";

/** HiddenPciDevice: a stub driver takes functions at each boot, before their own drivers can. */
export const hiddenPciDevice = defineKind({
  description:
    "Changes the boot configuration of a host so that, from the next boot on, the stub driver takes a device before its own driver can. It never reboots the host: `pending` is `host-reboot` until somebody does, for example a HostReboot. A destroy removes the boot entry; the device stays on the stub driver until the next reboot.",
  inputs: z.strictObject({
    ...deviceInputs,
    driver: StubDriverInput.describe(`The stub driver that takes the device at boot. ${STUB_DRIVER_DEFAULT}`),
    mechanism: z
      .enum(["auto", ...HIDE_MECHANISM_NAMES])
      .meta({ id: "HideMechanism", description: "A way to hide a device at boot." })
      .optional()
      .describe(
        "How the device is hidden at boot. Default: `auto`, the way that this host already uses, or else the first that works on it. `kernel-ids` hides every device of the same vendor and device id, and is used only when named.",
      ),
  }),
  outputs: deviceOutputs,
  keyInputs: ["device"],
  identity: ["driver"],
  changesBoot: true,
  previewedWithout: [],
  foretold: ["functions", "configured", "active", "pending"],
  property: "device",
  wish: (inputs): HideWish => ({
    kind: "HiddenPciDevice",
    ...deviceWish(inputs),
    driver: inputs.driver,
    mechanism: inputs.mechanism ?? "auto",
    trialBoot: trialBootOf(inputs.host.safety),
  }),
  key: (_, wish) => claimKey(wish),
  present: hide,
  absent: unhide,
  status: statusOfHiding,
  madeOtherwise(claim, { mechanism }) {
    const isOther = entriesOf(claim.entries, "hidden").some((entry) => mechanismOf(entry)?.name !== mechanism);
    return mechanism !== "auto" && isOther ? ["mechanism"] : [];
  },
  // A delete that was cut off may have ended the claim before it had rebuilt the initramfs.
  isGone: (facts, wish, key) =>
    !findClaim(facts, key) && !statusOfHiding(facts, wish, key).configured && !owesRegenerations(facts),
  purpose: (_, wish, purpose) =>
    purpose === "present"
      ? `hide ${formatPciTarget(wish.target)} at boot`
      : `stop hiding ${formatPciTarget(wish.target)} at boot`,
});

function statusOfHiding(facts: HostFacts, wish: HideWish, key: string): Status {
  const stub = stubDriverOf(facts, wish);
  const isUnconfirmed = bootTrialOf(facts) === "unconfirmed";
  return statusOf(facts, wish, functionsOf(facts.pciDevices, wish.target), key, {
    active: (address) => standsFor(facts, facts.pciDevices.get(address)?.driver, stub),
    configured: (address) => isHidden(facts, address),
    pending: ({ configured, active }) =>
      configured !== active ? "host-reboot" : active && isUnconfirmed ? "confirmation" : "none",
  });
}

function hide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Part {
  const unable = whyNoDevicesForVms(facts, wish);
  if (unable !== undefined) return refuse(unable);
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refuse(noSuchDevice(facts, formatPciTarget(wish.target)));
  const key = claimKey(wish);
  const claim = findClaim(facts, key);
  const visible = devices.filter((device) => !isHidden(facts, device.address));
  const chosen = chooseMechanism(facts, devices, wish);
  if (visible.length > 0 && chosen.kind === "none") return refuse(chosen.reason);
  const mechanism = chosen.kind === "mechanism" ? chosen.mechanism : undefined;
  let edits = NOTHING;
  for (const device of visible) {
    const now = simulate(facts, edits.steps);
    if (!mechanism || isHidden(now, device.address)) continue;
    edits = join(edits, mechanism.hide(now, device, key, stubDriverOf(facts, wish)));
  }
  const changes = edits.steps.length > 0 || edits.regenerate.length > 0;
  const bootChange = changes ? `${facts.machine.bootId}/${owner.token}` : claim?.bootChange;
  const claimSteps = claimFor(facts, key, owner, {
    functions: claimedDrivers(facts, key, devices),
    entries: distinctEntries([
      ...(claim?.entries ?? []),
      ...claimsBeside(facts, key)
        .flatMap((beside) => entriesOf(beside.claim.entries, "hidden"))
        .filter(({ address }) => devices.some((device) => device.address === address)),
      ...edits.entries,
    ]),
    ...(bootChange === undefined ? {} : { bootChange }),
  });
  const bound = devices.filter((device) => !isStubDriver(facts, device.driver));
  if (bootTrialOf(facts) === "went-back" && (changes || (claim && bound.length > 0))) return refuse(FAILED_BOOT);
  const draft = part({
    steps: [...claimSteps, ...joinEdits(edits.steps)],
    regenerate: edits.regenerate,
    judgements: [...judgeClaim(facts, key, owner), ...edits.judgements],
  });
  if (!changes) return draft;
  const told: Part = {
    ...draft,
    effects: [
      ...(claim
        ? visible.map(({ address }) => neither(`${address} is no longer in the boot configuration: it is added again`))
        : []),
      ...bound.flatMap((device) => lossOf(facts, device).map(({ text }) => loss(`at the next boot: ${text}`))),
      ...edits.effects,
      ...[...(mechanism?.consequences ?? []), "the change waits for a reboot of the host"].map(neither),
    ],
    warnings: mechanism?.cautions?.(facts, visible, "hide") ?? [],
  };
  const undone: UndoneBy =
    !mechanism || mechanism.undoneByOldEntry ? { kind: "old-entry" } : { kind: "nothing", mechanism: mechanism.name };
  return putOnTrial(facts, told, wish.trialBoot, undone);
}

/** The edits that remove our entries. The current driver stays until the reboot. */
function unhide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Part {
  const key = claimKey(wish);
  const device = formatPciTarget(wish.target);
  const withoutClaim = unchanged(`${device} is no longer managed by this stack: nothing to take back`);
  return endClaim(facts, key, owner, withoutClaim, (claim) => takeOut(facts, wish, owner, claim));
}

function takeOut(facts: HostFacts, wish: HideWish, owner: Owner, { key, claim }: KeyedClaim): Part {
  const device = formatPciTarget(wish.target);
  const entries = entriesOf(claim.entries, "hidden");
  const kept = claimsBeside(facts, key).flatMap((beside) =>
    [...new Set(entriesOf(beside.claim.entries, "hidden").map(({ address }) => address))].map((address) => ({
      address,
      label: beside.claim.label,
    })),
  );
  const hidden = [
    ...new Map(
      entries
        .filter((entry) => !kept.some(({ address }) => address === entry.address))
        .map((entry) => [entry.address, mechanismOf(entry)]),
    ),
  ].flatMap(([address, mechanism]) => (mechanism ? [{ address, mechanism }] : []));
  let edits = NOTHING;
  for (const { address, mechanism } of hidden.reverse())
    edits = join(edits, mechanism.unhide(simulate(facts, edits.steps), address, claim, key));
  if (edits.judgements.length > 0) return part({ judgements: edits.judgements });
  const changes = edits.steps.length > 0;
  const devices = functionsOf(facts.pciDevices, wish.target);
  const onStub = devices.find(({ driver }) => isStubDriver(facts, driver));
  // The end of that declaration says what becomes of the device.
  const isAssignable = onStub !== undefined && isClaimedAssignable(facts, onStub.address);
  return part({
    steps: [
      ...joinEdits(edits.steps),
      dropClaim(key, claim),
      ...(changes && onStub ? [noteRemoval(facts, key, owner)] : []),
    ],
    regenerate: [...edits.regenerate, ...trialAfterRemoval(facts, key, wish.trialBoot, edits.regenerate.length > 0)],
    effects: [
      ...(entries.length === 0 ? [neither(`${device} was hidden before this resource, and stays hidden`)] : []),
      ...kept
        .filter(({ address }) => entries.some((entry) => entry.address === address))
        .map(({ address, label }) => neither(`${address} stays hidden, as "${label}" hides it, too`)),
      ...(changes ? [gain(`${device} is no longer hidden at boot`)] : []),
      ...(changes && onStub && !isAssignable
        ? [neither(`${device} stays on ${onStub.driver} until the host reboots`)]
        : []),
    ],
    warnings: [...new Set(hidden.flatMap(({ mechanism }) => mechanism.cautions?.(facts, devices, "unhide") ?? []))],
  });
}
