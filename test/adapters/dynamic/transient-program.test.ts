import { readProgram, splitProgram } from "../../../provider/adapters/dynamic/transient-program";
import { deviceDeclarations } from "../../../provider/resources/declared-program";
import { LAB } from "../../plan/recorded-host";
import { FakeHost, given } from "../../resources/fake-host";

const HOST = { address: "xen1" };
const GOOD = { kind: "AssignableDevice", label: "nic", inputs: { device: "01:00.0" }, unknown: [] };

test("one declaration that cannot be read is named, and leaves the others readable", () => {
  const program = readProgram(
    JSON.stringify({
      preview: true,
      hosts: [],
      complete: true,
      declarations: [{ kind: "Magic", label: "wand" }, GOOD],
    }),
    HOST,
  );
  expect(program?.problems).toEqual([expect.stringMatching(/^the declaration "wand" cannot be read: [\s\S]*kind/)]);
  expect(deviceDeclarations(program?.program)).toMatchObject([{ kind: "AssignableDevice", label: "nic" }]);
});

test("a host with wrong inputs is left to the check of its own resources", () => {
  const hosts = [{ address: "has spaces in it" }, { address: "xen1" }];
  expect(readProgram(JSON.stringify({ preview: true, hosts, complete: true, declarations: [] }), HOST)).toMatchObject({
    hosts: [{ address: "xen1" }],
    problems: [],
  });
});

test("a declaration that cannot be read fails the check, in preview and in up", async () => {
  for (const preview of [true, false]) {
    const program = { preview, hosts: [], complete: true, declarations: [{ label: "old", kind: "Gone" }] };
    const handlers = new FakeHost(LAB).handlers("AssignableDevice");
    const { failures } = await handlers.check(
      {},
      { ...given({ device: "01:00.0" }), __program: JSON.stringify(program) },
    );
    expect(failures).toMatchObject([{ property: "", reason: expect.stringContaining('"old" cannot be read') }]);
  }
});

test("what the resources of a host tell alike is one object; one of them tells all hosts", () => {
  const share = { preview: true, complete: true, declarations: [GOOD] };
  const alone = JSON.stringify(share);
  expect(readProgram(alone, HOST)?.program).toBe(readProgram(alone, HOST)?.program);
  expect(readProgram(alone, { address: "xen2" })?.program).not.toBe(readProgram(alone, HOST)?.program);
  const all = [HOST, { address: "xen2" }];
  const first = readProgram(JSON.stringify({ ...share, hosts: all }), HOST);
  expect([first?.hosts, readProgram(alone, HOST)?.hosts]).toEqual([all, undefined]);
});

test("which resource it is stands before the program, and is kept, whatever its name", async () => {
  const program = JSON.stringify({ preview: true, hosts: [], complete: true, declarations: [GOOD] });
  for (const resource of ["dev::test::::nic", "dev::test::::two\nlines"]) {
    const __program = `${resource}\n${program}`;
    expect(splitProgram(__program)).toEqual({ resource, program });
    const handlers = new FakeHost(LAB).handlers("AssignableDevice");
    const { inputs } = await handlers.check({}, { host: HOST, device: "01:00.0", __provider: "", __program });
    expect(inputs).toMatchObject({ __resource: resource });
    expect(inputs).not.toHaveProperty("__program");
  }
});

test("what is not JSON is a problem", () => {
  expect(readProgram("{", HOST)?.problems).toEqual([expect.stringContaining("cannot be read")]);
});

test("without a program there is nothing to read", () => {
  expect(readProgram(undefined, HOST)).toBeUndefined();
});
