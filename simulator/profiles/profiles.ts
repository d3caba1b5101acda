import type { Profile } from "../machine";
import { debianKvm } from "./debian-kvm";
import { debianKvmGpu } from "./debian-kvm-gpu";
import { debianXl } from "./debian-xl";
import { debianXlInUse } from "./debian-xl-in-use";
import { debianXlOwnKernel } from "./debian-xl-own-kernel";
import { pcibackConf } from "./pciback-conf";
import { rhelKvm } from "./rhel-kvm";
import { rhel5Xen } from "./rhel5-xen";
import { xcpNg83 } from "./xcpng-8.3";
import { xenServer7 } from "./xenserver-7";
import { xl42 } from "./xl-4.2";

const PROFILES: readonly Profile[] = [
  debianXl,
  debianXlInUse,
  debianXlOwnKernel,
  debianKvm,
  debianKvmGpu,
  rhelKvm,
  xenServer7,
  xcpNg83,
  pcibackConf,
  rhel5Xen,
  xl42,
];

/** Names of the kinds of hosts that can be simulated. */
export const PROFILE_NAMES: readonly string[] = PROFILES.map((profile) => profile.name);

/** Throws when there is no such profile; the message lists those there are. */
export function findProfile(name: string): Profile {
  const profile = PROFILES.find((candidate) => candidate.name === name);
  if (profile) return profile;
  throw new RangeError(`no profile "${name}" of a simulated host; there are: ${PROFILE_NAMES.join(", ")}`);
}
