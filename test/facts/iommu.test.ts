import { type Iommu, iommuFact } from "../../provider/facts/iommu";

const answers: readonly [string, string, Iommu][] = [
  ["nothing", "", { offered: undefined, units: [] }],
  ["Intel's table alone", "/sys/firmware/acpi/tables/DMAR\n", { offered: "intel", units: [] }],
  [
    "Intel's, in use by the kernel",
    "/sys/class/iommu/dmar0\n/sys/class/iommu/dmar1\n/sys/firmware/acpi/tables/DMAR\n",
    { offered: "intel", units: ["dmar0", "dmar1"] },
  ],
  ["AMD's, in use", "/sys/class/iommu/ivhd0\n/sys/firmware/acpi/tables/IVRS\n", { offered: "amd", units: ["ivhd0"] }],
  ["Intel's, hidden by Xen 4.17", "/sys/firmware/acpi/tables/RMAD\n", { offered: "intel", units: [] }],
  [
    "Intel's in the log of Xen alone",
    "(XEN) ACPI: DMAR 7FFE24AC, 0098 (r1 BOCHS  BXPC            1 BXPC        1)\n",
    { offered: "intel", units: [] },
  ],
];
test.each(answers)("%s", (_, text, expected) => {
  expect(iommuFact.parse({ text, exitCode: 0 })).toEqual(expected);
});
