import { quote } from "../shell";
import type { StepType } from "./step-type";

/** A boolean of SELinux, which limits what libvirt's QEMU may do, is switched permanently. */
export interface SetSelinuxBoolean {
  readonly kind: "set-selinux-boolean";
  readonly name: string;
  readonly to: boolean;
}

const onOff = (value: boolean) => (value ? "on" : "off");
const set = (name: string, value: boolean) => `set_boolean ${quote(name)} ${value ? 1 : 0} ${onOff(value)}`;

/** Switches the boolean with `setsebool -P`; assumes that it still has the opposite value. */
export const setSelinuxBoolean: StepType<SetSelinuxBoolean> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["selinux"],
  rewrites: () => [],
  after: (facts, { to }) => (facts.selinux ? { ...facts, selinux: { ...facts.selinux, virtUseSysfs: to } } : facts),
  assumes: ({ name, to }) => [`expect_boolean ${quote(name)} ${onOff(!to)}`],
  perform: ({ name, to }) => set(name, to),
  undo: ({ name, to }) => set(name, !to),
  functions: `
# Boolean, "on" or "off".
expect_boolean() {
  [ "$(getsebool "$1")" = "$1 --> $2" ] && return
  echo "the SELinux boolean $1 is not $2"
  return 1
}
# Boolean, 1 or 0, the same as "on" or "off".
set_boolean() {
  limited 300 setsebool -P "$1" "$2" || return 1
  expect_boolean "$1" "$3"
}`,
  describe: ({ name, to }) => `turn the SELinux boolean ${name} ${onOff(to)}`,
};
