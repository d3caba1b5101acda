import type { Commands } from "../machine";
import { failed, succeeded } from "./command";

/** SELinux (policycoreutils, libselinux-utils). */
export const selinuxCommands: Commands = {
  getenforce: (call) => succeeded(`${call.machine.selinux?.mode ?? "Disabled"}\n`),
  getsebool: (call) => {
    const [name = ""] = call.args;
    const value = call.machine.selinux?.booleans.get(name);
    return value === undefined
      ? failed(1, `Error getting active value for ${name}\n`)
      : succeeded(`${name} --> ${value ? "on" : "off"}\n`);
  },
  setsebool: (call) => {
    const [name = "", value = ""] = call.args.filter((arg) => arg !== "-P");
    const { selinux } = call.machine;
    if (!selinux?.booleans.has(name)) return failed(1, `Could not change boolean ${name}\n`);
    selinux.booleans.set(name, ["1", "on", "true"].includes(value));
    return succeeded();
  },
};
