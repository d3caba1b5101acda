import fc from "fast-check";
import { PassthroughError } from "../../provider/errors";
import { parseProxyJump } from "../../provider/host/proxy-jump";

test.each([
  { text: "none", hosts: [] },
  { text: "bastion", hosts: [{ address: "bastion" }] },
  { text: "root@bastion:2222", hosts: [{ address: "bastion", user: "root", port: 2222 }] },
  { text: "ssh://root@bastion:2222", hosts: [{ address: "bastion", user: "root", port: 2222 }] },
  { text: "me@corp@bastion", hosts: [{ address: "bastion", user: "me@corp" }] },
  { text: "a, b:22", hosts: [{ address: "a" }, { address: "b", port: 22 }] },
  { text: "[2001:db8::1]:2222", hosts: [{ address: "2001:db8::1", port: 2222 }] },
  { text: "2001:db8::1", hosts: [{ address: "2001:db8::1" }] },
])("$text", ({ text, hosts }) => {
  expect(parseProxyJump(text)).toEqual(hosts);
});

test.each(["bastion:ssh", "bastion:", "@", "a,,b", "[::1", "bastion:99999"])("%s is refused", (text) => {
  expect(() => parseProxyJump(text)).toThrow(PassthroughError);
});

const address = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/), fc.ipV4(), fc.ipV6());

test("a formatted list is parsed back the same", () => {
  const jump = fc.record({
    address,
    user: fc.option(fc.stringMatching(/^[a-z]{1,8}$/), { nil: undefined }),
    port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(jump, { minLength: 1, maxLength: 4 }), (jumps) => {
      fc.pre(!(jumps.length === 1 && jumps[0]?.address === "none"));
      const text = jumps.map(
        ({ address: host, user, port }) => `${user ? `${user}@` : ""}[${host}]${port ? `:${port}` : ""}`,
      );
      expect(parseProxyJump(text.join(","))).toEqual(jumps);
    }),
  );
});

test("any other text is refused with a PassthroughError", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseProxyJump(text);
      } catch (error) {
        expect(error).toBeInstanceOf(PassthroughError);
      }
    }),
  );
});
