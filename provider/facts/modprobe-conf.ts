import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** The one file of module-init-tools before modprobe.d had everything: RHEL 5 and its age. */
export const MODPROBE_CONF = "/etc/modprobe.conf";

export const modprobeConfFact: Fact<TextFile | undefined> = {
  name: "modprobe_conf",
  ask: askTextFiles(MODPROBE_CONF),
  parse: (answer) => readTextFiles(answer.text)[0],
};
