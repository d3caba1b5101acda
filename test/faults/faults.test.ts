import fs from "node:fs";
import { DECLARATIONS } from "./declarations";
import { idOf, idOfCase, playBadly, playWell, storiesOf } from "./story";
import { TRAP_NAMES } from "./trap";

/** The share of `npm run test:faults` that every change is tried with: each kind, each kind of host. */
const SHARE = [
  "debian-xl HiddenPciDevice create",
  "debian-xl AssignableDevice delete",
  "debian-xl-own-kernel SriovVirtualFunctions change",
  "debian-kvm VmPciAttachment:live create",
  "debian-kvm HostReboot delete",
  "rhel-kvm AssignableDevice create",
  "xenserver-7 HiddenPciDevice delete",
  "xcpng-8.3 VmPciAttachment delete",
  "pciback-conf HiddenPciDevice create",
  "rhel5-xen VmPciAttachment create",
  "xl-4.2 IommuBootParameters create",
];
const CASES_OF_EACH = 5;

const stories = DECLARATIONS.flatMap(storiesOf);

test.each(SHARE)(
  "%s: whatever goes wrong is told, and the next run goes on from there",
  async (id) => {
    const story = stories.find((known) => idOf(known) === id);
    if (!story) throw new RangeError(`no story ${id}`);
    const good = await playWell(story);
    const points = good.points.filter((_, index) => index % Math.ceil(good.points.length / CASES_OF_EACH) === 0);
    const played = await Promise.all(
      points.map(async (point) => ({ case: idOfCase(story, point), problems: await playBadly(story, good, point) })),
    );
    expect(played.filter(({ problems }) => problems.length > 0)).toEqual([]);
  },
  600_000,
);

test("docs/safety.md tells what becomes of a change in each trap", () => {
  const told = fs.readFileSync("docs/safety.md", "utf8");
  expect(TRAP_NAMES.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});
