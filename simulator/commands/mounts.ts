import type { Commands } from "../machine";
import { failed, succeeded } from "./command";

/** `mount -t TYPE DEVICE FOLDER` and `umount FOLDER` (util-linux 2.38). What is in the file system is not shown. */
export const mountCommands: Commands = {
  mount: ({ args, machine, path }) => {
    const [flag, type = "", source = "", folder = ""] = args;
    if (flag !== "-t" || folder === "")
      return failed(1, "mount: bad usage\nTry 'mount --help' for more information.\n");
    const point = path(folder);
    const complain = (text: string) => failed(32, `mount: ${point}: ${text}.\n`);
    if (!machine.files.exists(point)) return complain("mount point does not exist");
    const number = `/sys/class/block/${source.replace(/^\/dev\//, "")}/dev`;
    if (!machine.files.exists(number)) return complain(`special device ${source} does not exist`);
    const device = machine.files.read(number).trim();
    const mount = { source, point, type, options: "rw,relatime", superOptions: "rw", device };
    machine.mounts = [...machine.mounts, mount];
    return succeeded();
  },
  umount: ({ args: [folder = ""], machine, path }) => {
    const point = path(folder);
    const last = machine.mounts.map((mount) => mount.point).lastIndexOf(point);
    if (last < 0) return failed(32, `umount: ${point}: not mounted.\n`);
    machine.mounts = machine.mounts.filter((_, index) => index !== last);
    return succeeded();
  },
};
