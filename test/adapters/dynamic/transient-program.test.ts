import { readProgram } from "../../../provider/adapters/dynamic/transient-program";
import { deviceDeclarations } from "../../../provider/resources/declared-program";
import { LAB } from "../../plan/recorded-host";
import { FakeHost, given } from "../../resources/fake-host";

const HOST = { address: "xen1" };
const GOOD = { kind: "AssignableDevice", label: "nic", inputs: { device: "01:00.0" }, unknown: [] };

test("one declaration that cannot be read is named, and leaves the others readable", () => {
  const program = readProgram(
    { preview: true, hosts: [], complete: true, declarations: [{ kind: "Magic", label: "wand" }, GOOD] },
    HOST,
  );
  expect(program?.problems).toEqual([expect.stringMatching(/^the declaration "wand" cannot be read: [\s\S]*kind/)]);
  expect(deviceDeclarations(program?.program)).toMatchObject([{ kind: "AssignableDevice", label: "nic" }]);
});

test("a host with wrong inputs is left to the check of its own resources", () => {
  const hosts = [{ address: "has spaces in it" }, { address: "xen1" }];
  expect(readProgram({ preview: true, hosts, complete: true, declarations: [] }, HOST)).toMatchObject({
    hosts: [{ address: "xen1" }],
    problems: [],
  });
});

test("a declaration that cannot be read fails the check, in preview and in up", async () => {
  for (const preview of [true, false]) {
    const program = { preview, hosts: [], complete: true, declarations: [{ label: "old", kind: "Gone" }] };
    const handlers = new FakeHost(LAB).handlers("AssignableDevice");
    const { failures } = await handlers.check({}, { ...given({ device: "01:00.0" }), __program: program });
    expect(failures).toMatchObject([{ property: "", reason: expect.stringContaining('"old" cannot be read') }]);
  }
});

test("the resources of a host share what they tell of it; one of them tells all hosts", () => {
  const share = { preview: true, complete: true, declarations: [GOOD] };
  const first = readProgram({ ...share, hosts: [HOST, { address: "xen2" }] }, HOST);
  const second = readProgram(share, HOST);
  expect(second?.program).toBe(first?.program);
  expect([first?.hosts, second?.hosts]).toEqual([[HOST, { address: "xen2" }], undefined]);
  expect(readProgram(share, { address: "xen2" })?.program).not.toBe(first?.program);
});

test("without a program there is nothing to read", () => {
  expect(readProgram(undefined, HOST)).toBeUndefined();
});
