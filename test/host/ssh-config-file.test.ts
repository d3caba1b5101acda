import fc from "fast-check";
import { PassthroughError } from "../../provider/errors";
import { readSshConfig } from "../../provider/host/ssh-config-file";

const files: Readonly<Record<string, string>> = {
  "config.d/*": "User from-include\nHost xen1\n  Port 2201\n",
  nested: "Include nested\n",
};

function settings(text: string, { address = "xen1", user }: { address?: string; user?: string } = {}) {
  const read = readSshConfig(text, { address, user, port: undefined, localUser: "me" }, (name) =>
    name in files ? [files[name] ?? ""] : [],
  );
  return {
    ...Object.fromEntries([...read.first].map(([key, words]) => [key, words.join(" ")])),
    files: read.identityFiles,
  };
}

test.each([
  { what: "a plain host", text: "Host xen1\n  User admin\n", user: "admin" },
  { what: "the first value counts", text: "Host xen*\n User first\nHost xen1\n User second", user: "first" },
  { what: "settings before every Host", text: "User everywhere\nHost xen1\n User here", user: "everywhere" },
  { what: "another host", text: "Host xen2\n User admin", user: undefined },
  { what: "a negated pattern", text: "Host * !xen1\n User admin", user: undefined },
  { what: "several patterns", text: "Host xen0 xen?\n User admin", user: "admin" },
  { what: "keys in any letters, and =", text: "HOST XEN1\nhost=xen1\n uSeR = admin", user: "admin" },
  { what: "a comment and quotes", text: '# Host xen1\nHost "xen1"\n User "admin"', user: "admin" },
  { what: "Windows line ends", text: "Host xen1\r\n  User admin\r\n", user: "admin" },
  { what: "Match all", text: "Match all\n User admin", user: "admin" },
  { what: "Match host after HostName", text: "Host xen1\n HostName real\nMatch host real\n User admin", user: "admin" },
  {
    what: "Match originalhost",
    text: "Host xen1\n HostName real\nMatch originalhost real\n User admin",
    user: undefined,
  },
  { what: "Match with a list", text: "Match host xen0,xen1\n User admin", user: "admin" },
  { what: "Match localuser", text: "Match localuser me host xen1\n User admin", user: "admin" },
  { what: "? as exactly one character", text: "Host xen1?\n User admin", user: undefined },
  { what: "a Host in other letters", text: "Host XEN1\n User admin", user: undefined },
  { what: "Match host in other letters", text: "Match originalhost XEN1 host xen0,XEN1\n User admin", user: "admin" },
  { what: "Match user in other letters", text: "Match localuser ME\n User admin", user: undefined },
  { what: "a list that excludes the host", text: "Match host xen0,!xen1,xen*\n User admin", user: undefined },
  { what: "commas in a Host, which are no list", text: "Host xen1,xen2\n User admin", user: undefined },
  { what: "brackets in a Host, which are no pattern", text: "Host [xy]en1\n User admin", user: undefined },
  { what: "a negated Match", text: "Match !host xen1\n User admin", user: undefined },
  { what: "a negated Match of another", text: "Match !host xen2\n User admin", user: "admin" },
  { what: "Match final", text: "Match final all\n User admin", user: undefined },
  { what: "Include", text: "Include config.d/*\nUser later", user: "from-include" },
  { what: "Include within a Host", text: "Host xen2\n Include config.d/*\nHost xen1\n User own", user: "own" },
])("$what", ({ text, user }) => {
  expect(settings(text)).toMatchObject(user === undefined ? { files: [] } : { user });
  expect("user" in settings(text)).toBe(user !== undefined);
});

test("a Host within an included file narrows down, and ends with the file", () => {
  expect(settings("Include config.d/*\nPort 22")).toMatchObject({ port: "2201" });
  expect(settings("Include config.d/*\nPort 22", { address: "xen2" })).toMatchObject({ port: "22" });
});

test("every IdentityFile counts", () => {
  expect(settings("Host xen1\n IdentityFile ~/a\n IdentityFile ~/b\nHost *\n IdentityFile ~/c").files).toEqual([
    "~/a",
    "~/b",
    "~/c",
  ]);
});

test("Match exec is never run, negated or not, and never applies", () => {
  const marker = `/tmp/pci-passthrough-match-exec-${process.pid}`;
  expect(settings(`Match exec "touch ${marker}"\n User a\nMatch !exec "touch ${marker}"\n User b`)).toEqual({
    files: [],
  });
  expect(require("node:fs").existsSync(marker)).toBe(false);
});

test("a circle of Includes ends with an error", () => {
  expect(() => settings("Include nested")).toThrow(PassthroughError);
});

test("whatever the file holds, it is read or refused with a PassthroughError", () => {
  const word = fc.constantFrom(
    "Host",
    "Match",
    "host",
    "xen1",
    '"',
    "\\",
    "#",
    "=",
    "User",
    "Include",
    "IdentityFile",
    "all",
    "!",
    "*",
    "\n",
    "\t",
    "\r",
    " ",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 30 }), (words) => {
      try {
        expect(settings(words.join(" "))).toHaveProperty("files");
      } catch (error) {
        expect(error).toBeInstanceOf(PassthroughError);
      }
    }),
    { numRuns: 500 },
  );
});
