// @ts-check
const { default: Sequencer } = require("@jest/test-sequencer");

/** The files that take longest, by what was seen; a clean checkout knows no times, and the last file would run alone. */
const SLOW = [
  ...["test/faults/faults.test.ts", "test/contract/program-changes-xl.engine.test.ts"],
  ...["test/contract/simulated-host.test.ts", "test/contract/libvirt.test.ts", "test/races/races.test.ts"],
  "test/boot/boot-trial.lab.test.ts",
  ...["real-host", "real-reboot", "libvirt", "real-in-use", "real-host-pulumi", "libvirt-on-xen", "real-trial"].map(
    (name) => `test/contract/${name}.lab.test.ts`,
  ),
  ...["test/contract/simulated-host.engine.test.ts", "test/engine/quickstarts.engine.test.ts"],
];

module.exports = class SlowFilesFirst extends Sequencer {
  /** @override @type {Sequencer["sort"]} */
  async sort(tests) {
    const rank = (/** @type {string} */ path) => {
      const place = SLOW.findIndex((slow) => path.endsWith(slow));
      return place < 0 ? SLOW.length : place;
    };
    return [...(await super.sort(tests))].sort((a, b) => rank(a.path) - rank(b.path));
  }
};
