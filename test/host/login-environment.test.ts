import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLoginEnvironment } from "../../provider/host/login-environment";

test("an Include passes over a folder, named or among the files of a pattern", () => {
  const home = mkdtempSync(join(tmpdir(), "login-environment-"));
  try {
    mkdirSync(join(home, ".ssh/config.d/folder"), { recursive: true });
    writeFileSync(join(home, ".ssh/config.d/lab"), "User admin\n");
    const { included } = readLoginEnvironment({ HOME: home });
    expect(included("config.d")).toEqual([]);
    expect(included("config.d/*")).toEqual(["User admin\n"]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
