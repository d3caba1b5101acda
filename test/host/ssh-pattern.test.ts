import fc from "fast-check";
import { matchesPatterns } from "../../provider/host/ssh-pattern";

// OpenSSH 9.9, match.c, match_pattern and match_pattern_list.
test.each([
  [["*.example.com"], "xen1.example.com", true],
  [["*.example.com"], "example.com", false],
  [["10.0.0.?"], "10.0.0.7", true],
  [["10.0.0.?"], "10.0.0.", false],
  [["10.0.0.?"], "10.0.0.17", false],
  [["*"], "", true],
  [["x*1*"], "xen12", true],
  [["a.b"], "axb", false],
  [["*", "!xen2"], "xen1", true],
  [["*", "!xen2"], "xen2", false],
  [["!xen2"], "xen1", false],
])("%j and %j: %s", (patterns, text, expected) => {
  expect(matchesPatterns(patterns, text)).toBe(expected);
});

test("a pattern matches what the same regular expression does", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, letters, (given, text) => {
      const source = given.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      expect(matchesPatterns([given], text)).toBe(new RegExp(`^${source}$`).test(text));
    }),
  );
});

test.each([
  ["a megabyte long", "<![CDATA[".repeat(120_000)],
  ["with 200 stars", "*a".repeat(200)],
])("a pattern %s is soon done with", (_, pattern) => {
  expect(matchesPatterns([pattern], `${"a".repeat(100)}b`)).toBe(false);
});
