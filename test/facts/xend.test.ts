import { domainsFact } from "../../provider/facts/domains";
import { guestComplaintsFact } from "../../provider/facts/guest-complaints";
import { xendFact } from "../../provider/facts/xend";

const answer = (text: string, exitCode = 0) => ({ text, exitCode });

// The shape is that of xen, tools/python/xen/xend/server/pciif.py (configuration) and PrettyPrint.py, 4.1.
const LIST = `xend
(domain
    (domid 0)
    (cpu_weight 256)
    (uuid 00000000-0000-0000-0000-000000000000)
    (name Domain-0)
    (state r-----)
)
(domain
    (domid 7)
    (on_crash restart)
    (uuid 5ef1e0e4-0f5e-4c41-a1e0-5a6d2c4b9a10)
    (name 'NG Test')
    (image (linux (kernel /boot/vmlinuz) (args 'root=/dev/xvda1 ro (x')))
    (state --p---)
    (device
        (pci
            (dev
                (slot 0x1d)
                (domain 0x0000)
                (bus 0x00)
                (func 0x7)
                (vdevfn 0x100)
            )
            (backend 0)
        )
    )
    (device (vif (mac 00:16:3e:00:00:01)))
)
(domain
    (name never-started)
    (uuid 11111111-2222-3333-4444-555555555555)
)
`;

test("running domains of xend have their devices; what xend only knows is no domain", () => {
  expect(domainsFact.parse(answer(LIST))).toEqual({
    kind: "listed",
    domains: [
      {
        id: 7,
        name: "NG Test",
        uuid: "5ef1e0e4-0f5e-4c41-a1e0-5a6d2c4b9a10",
        paused: true,
        startedForDevices: true,
        disks: [],
        pciDevices: [{ address: "0000:00:1d.7" }],
      },
    ],
  });
});

test("a list that is cut is no list", () => {
  expect(domainsFact.parse(answer(LIST.slice(0, 300)))).toEqual({
    kind: "unlisted",
    reason: expect.stringContaining('"xm list --long" printed no list'),
  });
});

test.each([
  ["", undefined],
  ["/usr/sbin/xm\n", { answers: false, commands: [] }],
  ["/usr/sbin/xm\nanswers\nknows pci-attach\n", { answers: true, commands: ["pci-attach"] }],
])("%j is %j", (text, expected) => {
  expect(xendFact.parse(answer(text))).toEqual(expected);
});

test("complaints of guests: in their consoles, and in the host kernel's messages of both ages of pciback", () => {
  const printed = `/var/log/xen/console/guest-web1.log
[  812.1] pciback 0000:01:02.0: Driver tried to write to a read-only configuration space field at offset 0xe0, size 2. This may be harmless, but
[  813.9] pciback 0000:01:02.1: xen_pciback: Driver tried to write to a read-only configuration space field at offset 0x44, size 4.
`;
  const parsed = guestComplaintsFact.parse(answer(printed));
  expect(parsed.withoutPcifront).toEqual([{ vm: "web1", log: "/var/log/xen/console/guest-web1.log" }]);
  expect(parsed.readOnlyWrites.map(({ address }) => address)).toEqual(["0000:01:02.0", "0000:01:02.1"]);
  expect(parsed.readOnlyWrites[0]?.line).toMatch(/^pciback 0000:01:02\.0: Driver tried to write/);
});
