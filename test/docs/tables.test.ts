import { GUARD_NAMES, isFinal } from "../../provider/plan/guards/guard-name";
import { deviceInputs } from "../../provider/plan/inputs/device-inputs";
import { HostInput } from "../../provider/plan/inputs/host-input";
import { KINDS } from "../../provider/plan/kinds/kinds";
import * as sdk from "../../sdk";
import { codeSpans, section, tableRows } from "../markdown";
import { readPage } from "./pages";

const resources = readPage("docs/resources.md");
const isClass = (name: string) => /^[A-Z]/.test(name);

test("every guard is explained, and whether it can be overridden", () => {
  const rows = tableRows(readPage("docs/guards.md")).map(([name = "", , allow]) => ({
    guard: name.replaceAll("`", ""),
    allow,
  }));
  expect(rows.map(({ guard }) => guard).sort()).toEqual([...GUARD_NAMES].sort());
  expect(rows).toEqual(
    rows.map(({ guard }) => ({
      guard,
      allow: GUARD_NAMES.some((name) => name === guard && isFinal(name)) ? "no" : "yes",
    })),
  );
});

test("every input of a host is named", () => {
  const [, sentence = ""] = readPage("docs/connections.md").split("\n\n");
  expect(codeSpans(sentence).slice(1).sort()).toEqual(Object.keys(HostInput.shape).sort());
});

test("every resource and every function is explained", () => {
  const explained = tableRows(resources).flatMap(([name = ""]) => codeSpans(name));
  expect(explained.sort()).toEqual(Object.keys(sdk).filter(isClass).sort());
  const functions = Object.keys(sdk).filter((name) => !isClass(name));
  expect(codeSpans(resources).map((span) => span.split("(")[0])).toEqual(expect.arrayContaining(functions));
});

test("every argument of a resource for a device is explained, and of which it is", () => {
  const shared = tableRows(section(resources, "Arguments that all device resources share")).flatMap(([name = ""]) =>
    codeSpans(name),
  );
  expect(shared.sort()).toEqual(Object.keys(deviceInputs).sort());
  const own = tableRows(section(resources, "Arguments of their own")).flatMap(([names = "", kinds = ""]) =>
    codeSpans(kinds).flatMap((kind) => codeSpans(names).map((name) => `${kind}.${name}`)),
  );
  const taken = (["AssignableDevice", "HiddenPciDevice", "VmPciAttachment"] as const).flatMap((kind) =>
    Object.keys(KINDS[kind].inputs.shape)
      .filter((name) => !(name in deviceInputs))
      .map((name) => `${kind}.${name}`),
  );
  expect(own.sort()).toEqual(taken.sort());
});
