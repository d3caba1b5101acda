import type { Profile } from "../machine";
import { debianXl } from "./debian-xl";

/**
 * Parts of this kernel; pciback comes first, as drivers/Makefile links it before the drivers of network cards (linux,
 * 6.1).
 */
const BUILT_IN = ["xen_pciback", "e1000e"];

const { kernel } = debianXl;
const builtIn = BUILT_IN.flatMap((name) => kernel.modules.filter((module) => module.name === name));
const BUILTIN_LIST = `/lib/modules/${kernel.release}/modules.builtin`;

/**
 * The host debian-xl with a kernel of its administrator's: pciback and the driver of the network cards are parts of it.
 */
export const debianXlOwnKernel: Profile = {
  ...debianXl,
  name: "debian-xl-own-kernel",
  kernel: {
    ...kernel,
    modules: [
      ...builtIn.map((module) => ({ ...module, builtin: true })),
      ...kernel.modules.filter((module) => !builtIn.includes(module)),
    ],
  },
  files: {
    ...Object.fromEntries(
      Object.entries(debianXl.files).filter(([path]) => !builtIn.some((module) => path.endsWith(`/${module.file}`))),
    ),
    [BUILTIN_LIST]: `${debianXl.files[BUILTIN_LIST]}${builtIn.map((module) => `${module.file}\n`).join("")}`,
  },
};
