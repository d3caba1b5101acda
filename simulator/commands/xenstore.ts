import type { Commands } from "../machine";
import type { Xenstore } from "../xen/xenstore";
import { failed, splitOptions, succeeded } from "./command";

/** xenstore-utils 4.17 */
export const xenstoreCommands: Commands = {
  "xenstore-read": (call) => {
    const values: string[] = [];
    for (const path of splitOptions(call.args).words) {
      const value = call.machine.xen?.store.read(path);
      if (value === undefined) return failed(1, `xenstore-read: couldn't read path ${path}\n`);
      values.push(`${value}\n`);
    }
    return succeeded(values.join(""));
  },
  "xenstore-write": (call) => {
    const { words } = splitOptions(call.args);
    for (let index = 0; index + 1 < words.length; index += 2)
      call.machine.xen?.store.write(words[index] ?? "", words[index + 1] ?? "");
    return succeeded();
  },
  "xenstore-rm": (call) => {
    for (const path of splitOptions(call.args).words) call.machine.xen?.store.remove(path);
    return succeeded();
  },
  "xenstore-exists": (call) =>
    splitOptions(call.args).words.every((path) => call.machine.xen?.store.read(path) !== undefined)
      ? succeeded()
      : failed(1, ""),
  "xenstore-list": (call) => {
    const path = splitOptions(call.args).words[0] ?? "/";
    const names = call.machine.xen?.store.list(path);
    if (!names) return failed(1, `xenstore-list: could not list path ${path}\n`);
    return succeeded(names.map((name) => `${name}\n`).join(""));
  },
  "xenstore-ls": (call) => {
    const { options, words } = splitOptions(call.args);
    const { store } = call.machine.xen ?? {};
    const path = words[0] ?? "/";
    if (!store?.list(path)) return failed(1, `xenstore-ls: xs_directory (${path}): No such file or directory\n`);
    return succeeded(options.includes("f") ? flat(store, path) : indented(store, path, ""));
  },
};

function flat(store: Xenstore, path: string): string {
  return (store.list(path) ?? [])
    .map((name) => {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      return `${child} = "${store.read(child)}"\n${flat(store, child)}`;
    })
    .join("");
}

function indented(store: Xenstore, path: string, indent: string): string {
  return (store.list(path) ?? [])
    .map((name) => {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      return `${indent}${name} = "${store.read(child)}"\n${indented(store, child, `${indent} `)}`;
    })
    .join("");
}
