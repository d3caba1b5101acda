import type { Regeneration } from "../../provider/claims/run-record";
import { type ApplyResult, readApplyResult } from "../../provider/script/apply-result";
import { type ApplyGroup, applyScript } from "../../provider/script/apply-script";
import { openingScript } from "../../provider/script/opening-script";
import type { Trial } from "../../provider/script/trial";
import type { MakeAssignable } from "../../provider/steps/driver";
import type { FileEdit } from "../../provider/steps/file";
import type { Step } from "../../provider/steps/steps";
import { address } from "../plan/recorded-host";
import type { DirectoryHost } from "./directory-host";

/** The function that a DirectoryHost has. */
export const NIC = address("0000:01:00.0");
export const TAKE: MakeAssignable = {
  kind: "make-assignable",
  address: NIC,
  from: "e1000e",
  stub: "pciback",
  by: "xl",
};
export const EDIT: FileEdit = {
  kind: "edit-file",
  path: "/etc/xen/a.cfg",
  before: "before",
  after: "after",
  hides: [],
  original: "leave",
};

/** Nothing but what every host is asked. */
export const QUESTIONS = { vmConfigPaths: [], libvirt: false };

/** The steps of one resource, and what is made anew after them. */
export function group(...parts: readonly (Step | Regeneration)[]): ApplyGroup {
  return {
    title: "nic: test",
    steps: parts.filter((part) => "kind" in part),
    regenerate: parts.filter((part) => "what" in part),
  };
}

interface Script {
  readonly opening: string;
  readonly rest: string;
  readonly text: string;
  readonly read: (printed: string) => ApplyResult;
}

/**
 * An apply of these groups, without the facts: its two parts, both as one script that asks for nothing, and the reader of
 * its result.
 */
export function scriptOf(...groups: readonly ApplyGroup[]): Script {
  return scriptOnTrial(undefined, ...groups);
}

/** The same, taken back unless it is confirmed. */
export function scriptOnTrial(trial: Trial | undefined, ...groups: readonly ApplyGroup[]): Script {
  const opening = openingScript("run-1", QUESTIONS, "wait").replace(/^ {4}facts$/m, "    :");
  const rest = applyScript("run-1", groups, trial);
  const text = opening.replace(/^receive .*$/m, "tell '@apply begin'") + rest;
  return { opening, rest, text, read: (printed) => readApplyResult(printed, groups) };
}

/** Applies groups to a host with a shell; gives how each of them ended. Throws when the apply did not come to its end. */
export function applyTo(
  host: DirectoryHost,
  shell: readonly string[],
  ...groups: readonly (readonly (Step | Regeneration)[])[]
) {
  const script = scriptOf(...groups.map((parts) => group(...parts)));
  const { stdout, stderr } = host.converse(shell, script.opening, script.rest);
  const result = script.read(stdout);
  if (result.kind !== "ended") throw new Error(`${result.kind}: ${stdout}${stderr}`);
  return result.groups;
}
