import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { PciAddress } from "../../provider/pci/address";
import { type PciSpec, parseSpecString, specOf } from "../../provider/vm-text/spec-string";
import { parseXlConfig } from "../../provider/vm-text/xl-config";
import {
  addPciEntry,
  NO_ADDITIONS,
  removePciEntry,
  replacePciEntry,
  restorePassthrough,
  setPassthrough,
  type XlAdditions,
  type XlEdit,
} from "../../provider/vm-text/xl-config-edit";
import { takenAddresses, xlConfigs } from "./xl-config-arbitrary";
import { parseXlCase } from "./xl-config-case";

const CASES = join(__dirname, "cases", "xl-config");
const [GPU, AUDIO, NIC] = ["0000:0a:00.0", "0000:0a:00.1", "0000:0b:00.0"] as PciAddress[] as [
  PciAddress,
  PciAddress,
  PciAddress,
];

interface File {
  readonly text: string;
  readonly additions: XlAdditions;
}

type Edit = (text: string, additions: XlAdditions) => XlEdit;

describe.each(readdirSync(CASES))("%s", (file) => {
  const { before, steps, after } = parseXlCase(readFileSync(join(CASES, file), "latin1"));

  test("the file becomes what the case says", () => {
    expect(apply({ text: before, additions: NO_ADDITIONS }, steps.map(editOf)).text).toBe(after);
  });

  const inverses = steps.map(inverseOf).filter((inverse) => inverse !== undefined);
  if (inverses.length < steps.length) return;
  test.each([
    ["the same", inverses],
    ["the opposite", [...inverses].reverse()],
  ])("is restored when the edits are undone in %s order", (_, order) => {
    const edited = apply({ text: before, additions: NO_ADDITIONS }, steps.map(editOf));
    expect(apply(edited, order)).toEqual({ text: before, additions: NO_ADDITIONS });
  });
});

describe("for any configuration", () => {
  test("an added entry comes last, and all others stay", () => {
    fc.assert(
      fc.property(xlConfigs, (text) => {
        fc.pre(parseXlConfig(text).kind === "config");
        const added = apply({ text, additions: NO_ADDITIONS }, [add(GPU)]);
        expect(devices(added.text)).toEqual([...devices(text), `${GPU},permissive=1`]);
      }),
      { numRuns: 1000 },
    );
  });

  test("a name of any characters is read back as it was written", () => {
    const names = fc
      .array(fc.constantFrom("'", '"', "\\", "\n", "\t", "\x07", "#", "]", "\xe9", "a"))
      .map((all) => all.join(""));
    fc.assert(
      fc.property(xlConfigs, names, (text, name) => {
        fc.pre(parseXlConfig(text).kind === "config");
        const spec: PciSpec = { device: { kind: "name", name }, options: {}, unknown: [] };
        const added = apply({ text, additions: NO_ADDITIONS }, [(t, additions) => addPciEntry(t, spec, additions)]);
        expect(devices(added.text)).toEqual([...devices(text), `name=${name}`]);
      }),
    );
  });

  test("undoing all edits in any order restores every byte", () => {
    const edits: readonly (readonly [Edit, Edit])[] = [
      [add(GPU), remove(GPU)],
      [add(AUDIO), remove(AUDIO)],
      [add(NIC), remove(NIC)],
      [(text, additions) => setPassthrough(text, "enabled", additions), restorePassthrough],
    ];
    const anyOrder = fc.shuffledSubarray([...edits]);
    fc.assert(
      fc.property(xlConfigs, anyOrder, fc.infiniteStream(fc.nat()), (text, some, random) => {
        fc.pre(parseXlConfig(text).kind === "config");
        const file = { text, additions: NO_ADDITIONS };
        const edited = apply(
          file,
          some.map(([edit]) => edit),
        );
        const back = some
          .map(([, inverse]) => ({ inverse, key: random.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ inverse }) => inverse);
        expect(apply(edited, back)).toEqual(file);
      }),
      { numRuns: 2000 },
    );
  });

  test("a present entry is removed alone, also when our additions are not recorded", () => {
    fc.assert(
      fc.property(xlConfigs, takenAddresses, (text, address) => {
        fc.pre(parseXlConfig(text).kind === "config");
        const without = apply({ text, additions: NO_ADDITIONS }, [remove(address)]).text;
        expect(devices(without)).toEqual(devices(text).filter((device) => !names(device, address)));
      }),
      { numRuns: 2000 },
    );
  });

  test("a replaced entry stays in its place", () => {
    fc.assert(
      fc.property(xlConfigs, (text) => {
        const before = parseXlConfig(text);
        const taken = before.kind === "config" ? before.pci.map(({ spec }) => spec?.device) : [];
        const device = taken.find((each) => each?.kind === "function");
        fc.pre(device?.kind === "function");
        const replaced = replacePciEntry(text, device.address, specOf(NIC, {}));
        expect(replaced.kind === "edited" && devices(replaced.text)).toEqual(
          devices(text).map((entry) => (names(entry, device.address) ? NIC : entry)),
        );
      }),
    );
  });

  test("passthrough has the value that was set", () => {
    fc.assert(
      fc.property(xlConfigs, (text) => {
        fc.pre(parseXlConfig(text).kind === "config");
        const { text: set } = apply({ text, additions: NO_ADDITIONS }, [(t, a) => setPassthrough(t, "enabled", a)]);
        expect(parseXlConfig(set)).toMatchObject({ passthrough: "enabled" });
        expect(devices(set)).toEqual(devices(text));
      }),
    );
  });
});

describe("a file that others edited meanwhile", () => {
  const added = apply({ text: "name = 'web'", additions: NO_ADDITIONS }, [add(GPU)]);

  test("keeps our line when others put a device into it", () => {
    const theirs = added.text.replace(" ]", ", '05:00.0' ]");
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe("name = 'web'\npci = [ '05:00.0' ]\n");
  });

  test("keeps our line when others put a comment into it", () => {
    const theirs = added.text.replace(" ]", " # for games\n]");
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe("name = 'web'\npci = [ # for games\n]\n");
  });

  test("keeps its newline when others appended to it", () => {
    const theirs = `${added.text}vcpus = 2\n`;
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe("name = 'web'\nvcpus = 2\n");
  });

  test("keeps the newline that their comment needs", () => {
    const theirs = added.text.replace("pci", "# devices\npci");
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe("name = 'web'\n# devices\n");
  });

  test("loses our line when others add a list of their own", () => {
    const theirs = `${added.text}pci += [ '05:00.0' ]\n`;
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe("name = 'web'\npci += [ '05:00.0' ]\n");
  });

  test("loses our line when others removed the device from it", () => {
    const theirs = "name = 'web'\npci = [ ]\n";
    expect(apply({ ...added, text: theirs }, [remove(GPU)])).toEqual({ text: "name = 'web'", additions: NO_ADDITIONS });
  });

  test("keeps a passthrough that others changed", () => {
    const set = apply({ text: "", additions: NO_ADDITIONS }, [(text, a) => setPassthrough(text, "enabled", a)]);
    const theirs = set.text.replace("enabled", "share_pt");
    expect(apply({ ...set, text: theirs }, [restorePassthrough])).toEqual({ text: theirs, additions: NO_ADDITIONS });
  });

  test("keeps our empty line when it overrides a list of others", () => {
    const theirs = `pci = [ '05:00.0' ]\n${added.text}`;
    expect(apply({ ...added, text: theirs }, [remove(GPU)]).text).toBe(
      "pci = [ '05:00.0' ]\nname = 'web'\npci = [ ]\n",
    );
  });
});

test("our line keeps its newline when the line behind it is removed", () => {
  const enable: Edit = (text, additions) => setPassthrough(text, "enabled", additions);
  const file = apply({ text: "name = 'web'", additions: NO_ADDITIONS }, [add(GPU), enable, restorePassthrough]);
  expect(file.text).toBe("name = 'web'\npci = [ '0000:0a:00.0,permissive=1' ]\n");
});

test("without the record of what was added, the removal leaves an empty list", () => {
  const { text } = apply({ text: "name = 'web'", additions: NO_ADDITIONS }, [add(GPU)]);
  expect(apply({ text, additions: NO_ADDITIONS }, [remove(GPU)]).text).toBe("name = 'web'\npci = [ ]\n");
});

test("a nested list is refused, since xl stops reading there", () => {
  expect(addPciEntry("name = 'web'\npci = [ '01:00.0',\n [ ] ]\n", specOf(GPU, {}))).toMatchObject({
    kind: "error",
    line: 3,
  });
});

test("a file that xl does not read is refused by every edit", () => {
  const broken = "name = 'web'\r\n";
  const edits = [add(GPU), remove(GPU), (text: string) => setPassthrough(text, "enabled"), restorePassthrough];
  expect(edits.map((edit) => edit(broken, NO_ADDITIONS).kind)).toEqual(["error", "error", "error", "error"]);
  expect(replacePciEntry(broken, GPU, specOf(NIC, {})).kind).toBe("error");
});

function add(address: PciAddress): Edit {
  return (text, additions) => addPciEntry(text, specOf(address, { permissive: true }), additions);
}

function remove(address: PciAddress): Edit {
  return (text, additions) => removePciEntry(text, address, additions);
}

function editOf([verb, first = "", second = ""]: readonly string[]): Edit {
  const spec = parseSpecString(verb === "replace" ? second : first);
  if (verb === "set-passthrough") return (text, additions) => setPassthrough(text, first, additions);
  if (verb === "remove") return remove(first as PciAddress);
  if (verb === "add" && spec) return (text, additions) => addPciEntry(text, spec, additions);
  if (verb === "replace" && spec)
    return (text, additions) => replacePciEntry(text, first as PciAddress, spec, additions);
  throw new Error(`no such step: ${verb} ${first} ${second}`);
}

function inverseOf([verb, first = ""]: readonly string[]): Edit | undefined {
  const device = verb === "add" ? parseSpecString(first)?.device : undefined;
  if (device?.kind === "function") return remove(device.address);
  return verb === "set-passthrough" ? restorePassthrough : undefined;
}

function apply(file: File, edits: readonly Edit[]): File {
  return edits.reduce<File>(({ text, additions }, edit) => {
    const edited = edit(text, additions);
    if (edited.kind === "error") throw new Error(`line ${edited.line}: ${edited.reason}`);
    return { text: edited.text, additions: edited.additions };
  }, file);
}

function devices(text: string): readonly string[] {
  const config = parseXlConfig(text);
  if (config.kind === "error") throw new Error(`line ${config.line}: ${config.reason}`);
  return config.pci.map((entry) => entry.text);
}

function names(device: string, address: PciAddress): boolean {
  const spec = parseSpecString(device);
  return spec?.device.kind === "function" && spec.device.address === address;
}
