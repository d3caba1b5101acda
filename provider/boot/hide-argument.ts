/**
 * The list of functions that pciback takes at boot, where pciback is a part of the kernel: an argument of its command
 * line.
 */
import type { PciAddress } from "../pci/address";
import { addToHideList, hides, parseHideList, removeFromHideList } from "../pci/hide-list";
import { type CommandLineEdit, editError, edited } from "./boot-edit";
import { cut, findArguments, type KernelArgument, withArgument, withValue } from "./kernel-command-line";

/** The driver's parameter; the Xen kernels of 2.6.18 and of SUSE up to 12 name the driver without "xen-". */
export type HideParameter = "xen-pciback.hide" | "pciback.hide";

/** What pciback of this command line does. */
export type HideArgument =
  | { readonly kind: "none" }
  | { readonly kind: "list"; readonly argument: KernelArgument }
  | { readonly kind: "error"; readonly reason: string };

/** Of several the kernel heeds the last alone (a charp parameter is overwritten: kernel/params.c, param_set_charp). */
export function findHideArgument(commandLine: string, parameter: HideParameter): HideArgument {
  const all = findArguments(commandLine, parameter);
  const lists = all.filter((argument) => (argument.value ?? "") !== "");
  const [argument, second] = lists;
  if (!argument) return { kind: "none" };
  if (second || all.at(-1) !== argument) {
    return {
      kind: "error",
      reason: `it gives the kernel ${all.map((argument) => argument.text).join(" and ")}, and the kernel uses only the last one. Merge them into one`,
    };
  }
  if (!parseHideList(argument.value ?? "")) {
    return {
      kind: "error",
      reason: `it has ${argument.text}, which the kernel does not accept: with it pciback does not start, and nothing is hidden. Fix it first`,
    };
  }
  return { kind: "list", argument };
}

/** Whether the kernel of this command line hides the function: by our entry, by another's, by a wildcard. */
export function isHiddenByArgument(commandLine: string, parameter: HideParameter, address: PciAddress): boolean {
  const found = findHideArgument(commandLine, parameter);
  const list = found.kind === "list" ? parseHideList(found.argument.value ?? "") : undefined;
  return list?.some((entry) => hides(entry, address)) ?? false;
}

/** Adds the function to the list that is there, or a list of its own. */
export function hideByArgument(parameter: HideParameter, address: PciAddress): CommandLineEdit {
  return (commandLine) => {
    const found = findHideArgument(commandLine, parameter);
    switch (found.kind) {
      case "error":
        return editError(found.reason);
      case "none":
        return withArgument(`${parameter}=${addToHideList("", address)}`)(commandLine);
      case "list":
        return edited(withValue(commandLine, found.argument, addToHideList(found.argument.value ?? "", address)));
    }
  };
}

/**
 * Takes the function out of the list, and the argument with its last entry: one that was empty before us stands beside
 * ours.
 */
export function unhideByArgument(parameter: HideParameter, address: PciAddress): CommandLineEdit {
  return (commandLine) => {
    const found = findHideArgument(commandLine, parameter);
    if (found.kind === "error") return editError(found.reason);
    if (found.kind === "none") return edited(commandLine);
    const { text } = removeFromHideList(found.argument.value ?? "", address);
    return edited(text === "" ? cut(commandLine, found.argument) : withValue(commandLine, found.argument, text));
  };
}
