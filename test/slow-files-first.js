// @ts-check
const { default: Sequencer } = require("@jest/test-sequencer");

/** The files that take longest, by what was seen; a clean checkout knows no times, and the last file would run alone. */
const SLOW = `
  boot/boot-trial.lab contract/real-reboot.lab contract/real-host.lab contract/real-in-use.lab
  contract/real-host-pulumi.lab contract/libvirt.lab contract/libvirt-on-xen.lab contract/real-trial.lab
  contract/program-changes-xl.engine engine/quickstarts.engine faults/faults contract/simulated-host.engine
  engine/examples.engine operator/operator.engine contract/secrets.engine adapters/plugin/plugin.engine
  contract/unfinished-runs contract/libvirt contract/boot-trial script/facts-script script/apply-script
  contract/simulated-in-use contract/simulated-host races/races
`
  .trim()
  .split(/\s+/)
  .map((name) => `test/${name}.test.ts`);

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
