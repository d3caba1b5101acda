import fc from "fast-check";
import { type Engine, engineLog } from "../provider/adapters/engine-log";
import { ConnectionError, PassthroughError, unable } from "../provider/errors";
import { loss } from "../provider/plan/effect";
import { pciDeviceInfos } from "../provider/plan/inventory/pci-device-info";
import { printable } from "../provider/printable";
import type { Log } from "../provider/resources/log";
import { parseUrn } from "../provider/resources/urn";
import { readApplyResult } from "../provider/script/apply-result";
import { LAB } from "./plan/recorded-host";

const ESCAPE = "\x1b[2J";
/** Clears a screen, goes back to the line's beginning, rings, starts a C1 sequence, turns text around, hides it, colours it. */
const HOSTILE = `bad${ESCAPE}\rgood\x07\x9b1m\u202eevil\u2066\u200b\u2028<{%fg 1%}>`;
const VISIBLE = "bad\\x1b[2J\\x0dgood\\x07\\x9b1m\\u202eevil\\u2066\\u200b\\u2028<\\x7b%fg 1%}>";

test("control characters, and marks that turn, hide or colour text, are written out; line ends and tabs stay", () => {
  expect(printable(HOSTILE)).toBe(VISIBLE);
  expect(printable("one\r\n\ttwo\n")).toBe("one\n\ttwo\n");
  expect(printable("Kühlung → 日本, שלום")).toBe("Kühlung → 日本, שלום");
});

test("nothing that a terminal would obey is left of any text, and what is printable stays as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(printable(text)).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});

/** The message that the engine gets. */
async function logged(say: (log: Log) => Promise<void>): Promise<string> {
  const messages: string[] = [];
  const engine: Engine = {
    log(request, done) {
      messages.push(request.getMessage());
      done();
    },
  };
  await say(engineLog(() => engine));
  return messages.join();
}

const URN = parseUrn("urn:pulumi:dev::test::pci::nic");

const device = [...LAB.pciDevices.values()][0];

test.each<[string, () => string | Promise<string>]>([
  ["an error's message", () => new PassthroughError(HOSTILE).message],
  ["a connection error's message", () => new ConnectionError("cut", HOSTILE).message],
  ["what an error says that the host printed", () => new PassthroughError("", { output: HOSTILE }).output ?? ""],
  ["the reason for a refusal in preview", () => unable({ purpose: "", reason: HOSTILE })],
  ["progress, which is a line of the log", () => logged((log) => log.info(HOSTILE))],
  ["an effect", () => logged((log) => log.effects("xen1", [loss(HOSTILE)], URN))],
  ["warnings", () => logged((log) => log.warn(HOSTILE))],
  [
    "the label of a device for the program",
    () => {
      const named = new Map(
        device && [[device.address, { ...device, identity: { ...device.identity, label: HOSTILE } }]],
      );
      return pciDeviceInfos({ ...LAB, pciDevices: named }, {})[0]?.label ?? "";
    },
  ],
])("%s has them written out", async (_, route) => {
  expect(await route()).toContain(VISIBLE);
});

test("what a failed step printed is read as UTF-8 before that, or letters would count as control characters", () => {
  const bytes = Buffer.from("Gerät „eth0“ fehlt").toString("latin1");
  const printed = `@apply begin\n@group 1 failed 1\n|${bytes}\n@apply end\n`;
  expect(readApplyResult(printed, [{ steps: [] }])).toMatchObject({
    groups: [{ kind: "failed", output: "Gerät „eth0“ fehlt" }],
  });
});
