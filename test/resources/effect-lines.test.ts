import { gain, loss, neither } from "../../provider/plan/effect";
import { formatEffects } from "../../provider/resources/effect-lines";

test("a loss is red and a gain green, as what Pulumi deletes and creates; each on a line of its own", () => {
  const effects = [
    loss("0000:01:00.0 is taken from the host driver e1000e"),
    gain('the VM "web1" gets 0000:01:00.0 at its next start'),
    neither("the initramfs is rebuilt"),
  ];
  expect(formatEffects("xen1", effects)).toBe(
    [
      "xen1: <{%fg 1%}>0000:01:00.0 is taken from the host driver e1000e<{%reset%}>",
      '  <{%fg 2%}>the VM "web1" gets 0000:01:00.0 at its next start<{%reset%}>',
      "  the initramfs is rebuilt",
    ].join("\n"),
  );
});

test("what a host says brings no colours of its own, and moves no cursor", () => {
  expect(formatEffects("xen1", [loss('the VM "<{%bad%}>\x1b[2J" loses its disk')])).toBe(
    'xen1: <{%fg 1%}>the VM "<\\x7b%bad%}>\\x1b[2J" loses its disk<{%reset%}>',
  );
});
