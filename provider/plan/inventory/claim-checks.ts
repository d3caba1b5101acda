import { claimPath } from "../../claims/claim-file";
import { type ClaimSubject, parseKey } from "../../claims/claim-key";
import type { KeyedClaim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { formatPciTarget } from "../../pci/address";
import { judgeUnreadable } from "../claim";
import type { HostInput } from "../inputs/host-input";
import { claimedWish } from "../kinds/claimed-wish";
import { statusOfWish } from "../kinds/kinds";
import { movedDevices, whereNow } from "../moved-device";
import { type HostCheck, wentWrong } from "./host-check";

/** Whether each claim on a host can be read, whose it is, and whether what it is about still holds. */
export function checkClaims(facts: HostFacts, host: HostInput): readonly HostCheck[] {
  if (facts.claims.length === 0) return [{ check: "claims", verdict: "ok", found: "none: no stack manages it" }];
  return facts.claims.map((keyed) =>
    "claim" in keyed
      ? checkClaim(facts, keyed, host)
      : wentWrong(
          "claims",
          `${claimPath(keyed.key)}: ${judgeUnreadable(facts, keyed.key)[0]?.evidence ?? "it cannot be read"}`,
        ),
  );
}

function checkClaim(facts: HostFacts, { key, claim }: KeyedClaim, host: HostInput): HostCheck {
  const subject = parseKey(key);
  const owner = `the stack "${claim.stack}" of the project "${claim.project}"`;
  const what = `${subject ? nameOf(subject) : key} of ${owner} ("${claim.label}")`;
  const release = subject?.target
    ? `if that stack is gone: npx pulumi-pci-passthrough release ${host.address} ${formatPciTarget(subject.target)}`
    : undefined;
  const [moved] = movedDevices(facts, claim);
  if (moved)
    return {
      check: "claims",
      verdict: "wrong",
      found: `${what}: ${moved.found.address} is another device now; ${whereNow(facts, moved.claimed)}`,
      remedy: "declare the new address in that stack",
    };
  const [gone] = claim.functions.filter(({ address }) => !facts.pciDevices.has(address));
  if (gone)
    return {
      check: "claims",
      verdict: "wrong",
      found: `${what}: the host has no ${gone.address} now; ${whereNow(facts, gone)}`,
      remedy: `put it back, or remove the declaration from that stack${release ? `; ${release}` : ""}`,
    };
  if (subject && hasDrifted(facts, key, subject, host))
    return {
      check: "drift",
      verdict: "wrong",
      found: `${what} does not hold any longer`,
      remedy: `"pulumi up" in that stack puts it right${release ? `; ${release}` : ""}`,
    };
  return { check: "claims", verdict: "ok", found: what, ...(release ? { remedy: release } : {}) };
}

function nameOf({ kind, target, vm }: ClaimSubject): string {
  return [kind, ...(target ? [formatPciTarget(target)] : []), ...(vm === undefined ? [] : [`for ${vm}`])].join(" ");
}

/** Whether neither now nor after the next boot or start of its VM what was declared is so. */
function hasDrifted(facts: HostFacts, key: string, subject: ClaimSubject, host: HostInput): boolean {
  if (subject.kind === "HostReboot") return false;
  const status = statusOfWish(facts, claimedWish(subject, host), key);
  if (!("configured" in status)) return false;
  return subject.kind === "AssignableDevice" ? !status.active : !status.configured && !status.active;
}
