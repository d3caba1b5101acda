import { startSimulatedHost } from "../../simulator";

jest.mock("just-bash", () => {
  throw Object.assign(new Error("Cannot find module 'just-bash'"), { code: "MODULE_NOT_FOUND" });
});

test("without just-bash the error has the line that installs it", async () => {
  await expect(startSimulatedHost({ name: "xen1", profile: "debian-xl" })).rejects.toThrow(
    'the package "just-bash" is not installed; run: npm install --save-dev just-bash@^3.4.2',
  );
});
