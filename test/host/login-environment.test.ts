import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { homeIn, includesOf, readLoginEnvironment } from "../../provider/host/login-environment";

test("an Include passes over a folder, named or among the files of a pattern", () => {
  const home = mkdtempSync(join(tmpdir(), "login-environment-"));
  try {
    mkdirSync(join(home, ".ssh/config.d/folder"), { recursive: true });
    writeFileSync(join(home, ".ssh/config.d/lab"), "User admin\n");
    const included = includesOf(home);
    expect(included("config.d")).toEqual([]);
    expect(included("config.d/*")).toEqual(["User admin\n"]);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test.each([
  ["config.d/*/xen", ["one\n", "two\n"]],
  ["conf*/[b-z]*/xen", ["two\n"]],
  ["config.d/[!b]/xen", ["one\n"]],
  ["config.d/?/xe[n]", ["one\n", "two\n"]],
  ["config.d/[/xen", []],
  ["config.d/[z-a]/xen", []],
  ["config.d/{a,b}/xen", []],
  ["config.d/a.b/xen", []],
])("an Include of %s finds what ssh finds", (pattern, texts) => {
  const home = mkdtempSync(join(tmpdir(), "ssh-home-"));
  try {
    for (const [folder, text] of [
      ["a", "one\n"],
      ["b", "two\n"],
      [".c", "hidden\n"],
    ] as const) {
      mkdirSync(join(home, ".ssh/config.d", folder), { recursive: true });
      writeFileSync(join(home, ".ssh/config.d", folder, "xen"), text);
    }
    expect(includesOf(home)(pattern)).toEqual(texts);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("ssh is asked what the user's own configuration says, and not where HOME is another", async () => {
  const bin = mkdtempSync(join(tmpdir(), "bin-"));
  try {
    const ssh = '#!/bin/sh\ncase "$*" in *"-F none"*) echo user me ;; *) echo user admin ;; esac\n';
    writeFileSync(join(bin, "ssh"), ssh, { mode: 0o755 });
    const userFor = async (home: string) => {
      const { settings } = readLoginEnvironment({ HOME: home, PATH: `${bin}:/bin:/usr/bin` });
      const { first } = await settings({ address: "xen1", user: undefined, port: undefined, localUser: "me" });
      return first.get("user");
    };
    expect(await userFor(userInfo().homedir)).toEqual(["admin"]);
    expect(await userFor(bin)).toBeUndefined();
  } finally {
    rmSync(bin, { recursive: true });
  }
});

test("the home of a user is the sixth field of its line", () => {
  const passwd = "root:x:0:0:root:/root:/bin/bash\nxen:x:1000:1000::/srv/xen:/bin/sh\n";
  expect([homeIn(passwd, "xen"), homeIn(passwd, "root"), homeIn(passwd, "x")]).toEqual([
    "/srv/xen",
    "/root",
    undefined,
  ]);
});
