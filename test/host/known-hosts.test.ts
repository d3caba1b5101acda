import fc from "fast-check";
import {
  appliesTo,
  fingerprint,
  hashHostName,
  judgeHostKey,
  type KnownHostsLine,
  keyTypeOf,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from "../../provider/host/known-hosts";

/** A key in SSH's wire format: its type, then bytes that stand for the key. */
function wireKey(type: string, content: string): Buffer {
  const field = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return Buffer.concat([field(type), field(content)]);
}

const hostKey = wireKey("ssh-ed25519", "host key");
const other = wireKey("ssh-ed25519", "other");
const rsa = wireKey("ssh-rsa", "rsa");
const line = (names: string, key = hostKey): string => `${names} ${keyTypeOf(key)} ${key.toString("base64")}`;
const read = (...lines: string[]): readonly KnownHostsLine[] => parseKnownHosts(lines.join("\n"), "known_hosts");

test.each([
  { why: "its name", names: "xen1", host: "xen1", port: 22, about: true },
  { why: "its name in capitals", names: "XEN1", host: "Xen1", port: 22, about: true },
  { why: "one of several names", names: "xen0,xen1,10.0.0.1", host: "10.0.0.1", port: 22, about: true },
  { why: "another name", names: "xen10", host: "xen1", port: 22, about: false },
  { why: "a dot that is no wildcard", names: "xen1.lan", host: "xen1xlan", port: 22, about: false },
  { why: "a pattern", names: "*.lan,xen?", host: "xen1", port: 22, about: true },
  { why: "a negated pattern", names: "xen*,!xen1", host: "xen1", port: 22, about: false },
  { why: "a negated pattern in front", names: "!xen1,xen*", host: "xen1", port: 22, about: false },
  { why: "a negated pattern for another", names: "xen*,!xen2", host: "xen1", port: 22, about: true },
  { why: "a port", names: "[xen1]:2222", host: "xen1", port: 2222, about: true },
  { why: "another port", names: "[xen1]:2222", host: "xen1", port: 2223, about: false },
  { why: "a port and a pattern", names: "[xen*]:2222", host: "xen7", port: 2222, about: true },
  { why: "an IPv6 address", names: "2001:db8::1", host: "2001:DB8::1", port: 22, about: true },
  { why: "an IPv6 address with a port", names: "[2001:db8::1]:2222", host: "2001:db8::1", port: 2222, about: true },
  { why: "a hash", names: hashHostName("xen1", Buffer.from("salt")), host: "xen1", port: 22, about: true },
  {
    why: "the hash of another",
    names: hashHostName("xen2", Buffer.from("salt")),
    host: "xen1",
    port: 22,
    about: false,
  },
  { why: "a hash of a later version", names: "|2|c2FsdA==|c2FsdA==", host: "xen1", port: 22, about: false },
])("a line with $why", ({ names, host, port, about }) => {
  const [known] = read(line(names));
  expect(known && appliesTo(known, knownHostName(host, port))).toBe(about);
});

test.each([
  { host: "an equal key", lines: [line("xen1")], verdict: "known" },
  {
    host: "an equal key among several",
    lines: [line("xen1", rsa), line("xen1", other), line("xen1")],
    verdict: "known",
  },
  { host: "another key of its type", lines: [line("xen1", other)], verdict: "other-key" },
  { host: "only a key of another type", lines: [line("xen1", rsa)], verdict: "other-key" },
  { host: "no line", lines: [line("xen2")], verdict: "unknown" },
  { host: "its key on another host", lines: [line("xen2"), line("xen1", other)], verdict: "other-key" },
  { host: "a revoked key", lines: [line("xen1"), `@revoked ${line("*")}`], verdict: "revoked" },
  { host: "another revoked key", lines: [line("xen1"), `@revoked ${line("*", other)}`], verdict: "known" },
  { host: "a certificate authority", lines: [`@cert-authority ${line("*")}`], verdict: "unknown" },
  { host: "an unknown marker", lines: [`@trusted ${line("xen1")}`], verdict: "unknown" },
  { host: "a commented line", lines: [`#${line("xen1")}`, `# ${line("xen1")}`], verdict: "unknown" },
])("a host with $host is judged: $verdict", ({ lines, verdict }) => {
  expect(judgeHostKey(read(...lines), "xen1", 22, hostKey).kind).toBe(verdict);
});

test("a host on another port is also known by its name alone, but a different key there says nothing", () => {
  expect(judgeHostKey(read(line("xen1")), "xen1", 2222, hostKey).kind).toBe("known");
  expect(judgeHostKey(read(line("xen1", other)), "xen1", 2222, hostKey).kind).toBe("unknown");
  expect(judgeHostKey(read(line("xen1"), line("[xen1]:2222", other)), "xen1", 2222, hostKey).kind).toBe("other-key");
  // As ssh: the bare name is looked at only where the name with the port has no line.
  const revoked = `@revoked ${line("xen1")}`;
  expect(judgeHostKey(read(revoked, line("[xen1]:2222")), "xen1", 2222, hostKey).kind).toBe("known");
  expect(judgeHostKey(read(revoked, line("xen1")), "xen1", 2222, hostKey).kind).toBe("revoked");
});

test("a certificate authority is named with its line", () => {
  const verdict = judgeHostKey(read("", `@cert-authority ${line("*.lan")}`), "xen1.lan", 22, hostKey);
  expect(verdict).toMatchObject({ kind: "unknown", authorities: [{ file: "known_hosts", line: 2 }] });
});

test("the types of the keys known for a host", () => {
  const lines = read(line("xen1", rsa), line("xen1", other), line("xen1", rsa), `@revoked ${line("xen1")}`);
  expect(knownKeyTypes(lines, "xen1", 22)).toEqual(["ssh-rsa", "ssh-ed25519"]);
  expect(knownKeyTypes(lines, "xen1", 2222)).toEqual(["ssh-rsa", "ssh-ed25519"]);
});

test("a fingerprint is the one that ssh-keygen -l prints", () => {
  // ssh-keygen -lf: 256 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU github.com (ED25519), published by GitHub
  const github = Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl", "base64");
  expect(fingerprint(github)).toBe("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
});

const hostName = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,30}$/);

test("a hashed name applies to that name and to no other", () => {
  fc.assert(
    fc.property(hostName, hostName, fc.uint8Array({ minLength: 20, maxLength: 20 }), (name, another, salt) => {
      const [known] = read(line(hashHostName(name, Buffer.from(salt))));
      expect(known && appliesTo(known, name)).toBe(true);
      expect(known && appliesTo(known, another)).toBe(name === another);
    }),
  );
});

test("whatever stands in a known_hosts file, reading and judging end without an exception", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("@revoked", "@cert-authority", "*", "!", "|1|", "|1||", "[", "#"),
    fc.constant(line("xen1")),
  );
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 5 }), { maxLength: 5 }), (lines) => {
      const known = read(...lines.map((words) => words.join(" ")));
      expect(["known", "unknown", "other-key", "revoked"]).toContain(judgeHostKey(known, "xen1", 22, hostKey).kind);
    }),
  );
});

test("a file that was edited on Windows is read the same way", () => {
  expect(
    judgeHostKey(parseKnownHosts(`# a comment\r\n${line("xen1")}\r\n`, "known_hosts"), "xen1", 22, hostKey).kind,
  ).toBe("known");
});
