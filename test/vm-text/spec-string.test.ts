import fc from "fast-check";
import type { PciAddress } from "../../provider/pci/address";
import { formatSpecString, namesFunction, parseSpecString, specOf, XL_SINCE } from "../../provider/vm-text/spec-string";
import { pciSpecs } from "../pci/arbitrary";

const GPU = "0000:01:00.0" as PciAddress;

/** What is read, and what is written for it. */
const READ: readonly (readonly [text: string, written: string])[] = [
  ["0000:01:00.0", "0000:01:00.0"],
  ["01:00.0", "0000:01:00.0"],
  ["1:0.0,", "0000:01:00.0"],
  ["00000:01:1F.7", "0000:01:1f.7"],
  ["01:00.*@5", "0000:01:00.*@05"],
  ["01:00.0@1f,permissive=1", "0000:01:00.0@1f,permissive=1"],
  ["01:00.0,vslot=1f", "0000:01:00.0@1f"],
  ["bdf=01:00.0,vslot=8,seize=1", "0000:01:00.0@08,seize=1"],
  ["permissive=1,bdf=01:00.0", "0000:01:00.0,permissive=1"],
  ["bdf=01:00.0@1f", "0000:01:00.0"],
  ["01:00.0,bdf=02:00.0", "0000:02:00.0"],
  ["name=gpu,permissive=1", "name=gpu,permissive=1"],
  ["name=gpu,vslot=2", "name=gpu,vslot=02"],
  ["01:00.0,permissive=true,seize=yes", "0000:01:00.0,permissive=0,seize=0"],
  ["01:00.0,msitranslate=2,power_mgmt= -1", "0000:01:00.0,msitranslate=1,power_mgmt=1"],
  ["01:00.0,permissive=,seize=0", "0000:01:00.0,permissive=0,seize=0"],
  ["01:00.0,rdm_policy=Relaxed", "0000:01:00.0,rdm_policy=relaxed"],
  ["01:00.0,flr=no,seize=1,,x=", "0000:01:00.0,seize=1,flr=no,,x="],
];

const REFUSED = [
  "",
  "01:00",
  "01:00.8",
  "01:20.0",
  "100:00.0",
  "10000:01:00.0",
  "01:00.0@20",
  "01:00.0@",
  "01:00.0 permissive=1",
  "01:00.0,permissive",
  "01:00.0,rdm_policy=sometimes",
  "01:00.0,vslot=20",
  "01:00.0,vslot=x",
  "permissive=1",
  "01:00.0,name=gpu",
  "bdf=gpu",
];

describe("a spec string", () => {
  test.each(READ)("%s is read, and written as %s", (text, written) => {
    const spec = parseSpecString(text);
    expect(spec && formatSpecString(spec)).toBe(written);
  });

  test.each(REFUSED)("%j is refused", (text) => {
    expect(parseSpecString(text)).toBeUndefined();
  });

  test("leaves an option undefined that it does not name", () => {
    expect(parseSpecString("01:00.0,seize=1")).toEqual(specOf(GPU, { seize: true }));
  });

  test("is read back as it was written", () => {
    fc.assert(fc.property(pciSpecs(), (spec) => expect(parseSpecString(formatSpecString(spec))).toEqual(spec)));
  });

  test("never throws, whatever the text", () => {
    const words = fc.constantFrom("01:00.0", "@1f", ",", "=", "bdf", "name", "vslot", "permissive", "*", "\0", "é");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((some) => some.join("")),
        ),
        (text) => {
          const spec = parseSpecString(text);
          const written = spec && formatSpecString(spec);
          expect(written === undefined ? undefined : parseSpecString(written)).toEqual(spec);
        },
      ),
    );
  });

  test.each([
    ["01:00.0", true],
    ["bdf=01:00.0,permissive=1", true],
    ["01:00.1", false],
    ["01:00.*", false],
    ["name=gpu", false],
    ["gpu", false],
  ])("%s names 0000:01:00.0: %s", (text, expected) => {
    expect(namesFunction(parseSpecString(text), GPU)).toBe(expected);
  });
});

test("a plain address is understood by every xl", () => {
  expect(
    Object.entries(XL_SINCE)
      .filter(([, version]) => Number(version.split(".")[1]) > 2)
      .map(([option]) => option),
  ).toEqual(["seize", "rdmPolicy", "passthrough", "keyedDevice"]);
});
