/**
 * The list of ids of vfio-pci and pci-stub: `8086:10d3,10de:1b80:ffffffff:ffffffff` (linux,
 * drivers/vfio/pci/vfio_pci.c, 6.x).
 */
import { type CommandLineEdit, editError, edited } from "./boot-edit";
import { cut, findArguments, type KernelArgument, withArgument, withValue } from "./kernel-command-line";

/** Whether the list catches a device; ids are "vendor:device", subsystems the same. */
export function catches(list: string, device: { readonly id: string; readonly subsystem: string }): boolean {
  const has = [...device.id.split(":"), ...device.subsystem.split(":")].map((digits) => Number.parseInt(digits, 16));
  return list.split(",").some((entry) => {
    // An entry may go on with a class and its mask; those are passed over, so that rather too much counts as caught.
    const wants = entry.split(":").slice(0, 4);
    if (wants.length < 2) return false;
    return wants.every((digits, index) => {
      const wanted = Number.parseInt(digits, 16);
      return wanted === 0xffffffff || wanted === has[index];
    });
  });
}

/** The list with "vendor:device" (lower case) in it; the same when it is there in any case. */
export function withId(list: string, id: string): string {
  if (list.split(",").some((entry) => entry.toLowerCase() === id)) return list;
  return list === "" ? id : `${list},${id}`;
}

/** The list without "vendor:device" (lower case), in whatever case it stands there; entries with a subsystem stay. */
export function withoutId(list: string, id: string): string {
  return list
    .split(",")
    .filter((entry) => entry.toLowerCase() !== id)
    .join(",");
}

/** The list on a command line; undefined without one. Of several the kernel heeds the last alone. */
export function idsOf(commandLine: string, parameter: string): string | undefined {
  return findArguments(commandLine, parameter).at(-1)?.value;
}

/** Adds "vendor:device" to the argument `vfio-pci.ids=` or the like, or makes one; refuses where it stands twice. */
export function addIdArgument(parameter: string, id: string): CommandLineEdit {
  return (line) => {
    const found = only(line, parameter);
    if (found === "several") return several(line, parameter);
    return found
      ? edited(withValue(line, found, withId(found.value ?? "", id)))
      : withArgument(`${parameter}=${id}`)(line);
  };
}

/** Takes "vendor:device" out of that argument, and the argument with its last id; refuses where it stands twice. */
export function removeIdArgument(parameter: string, id: string): CommandLineEdit {
  return (line) => {
    const found = only(line, parameter);
    if (found === "several") return several(line, parameter);
    if (!found) return edited(line);
    const left = withoutId(found.value ?? "", id);
    return edited(left === "" ? cut(line, found) : withValue(line, found, left));
  };
}

/** One that is empty stands beside ours, as if it were not there: so its bytes stay. */
function only(line: string, parameter: string): KernelArgument | "several" | undefined {
  const all = findArguments(line, parameter);
  const lists = all.filter((argument) => (argument.value ?? "") !== "");
  if (lists.length > 1 || (lists[0] && all.at(-1) !== lists[0])) return "several";
  return lists[0];
}

function several(line: string, parameter: string) {
  const words = findArguments(line, parameter).map((argument) => argument.text);
  return editError(
    `it gives the kernel ${words.join(" and ")}, and the kernel uses only the last one. Merge them into one`,
  );
}
