import fc from "fast-check";
import { ToldResource, toldUrn } from "../../../provider/adapters/dynamic/told-resource";

describe("what a resource class tells of its resource", () => {
  it("is a URN without the type of the kind", () => {
    expect(toldUrn("AssignableDevice", "dev::web::::nic")).toEqual({
      text: "urn:pulumi:dev::web::pulumi-nodejs:dynamic/pci-passthrough:AssignableDevice::nic",
      stack: "dev",
      project: "web",
      parents: "",
      name: "nic",
    });
  });

  it("may name the components that the resource is in, and have a name with colons", () => {
    const { text, parents, name } = toldUrn(
      "AssignableDevice",
      "dev::web::my:component$pci:Passthrough::nic::of::web1",
    );
    expect([parents, name]).toEqual(["my:component$pci:Passthrough", "nic::of::web1"]);
    expect(text).toContain("::my:component$pci:Passthrough$pulumi-nodejs:");
  });

  it.each(["", "nic", "dev::web::nic"])("is not %j", (text) => {
    expect(ToldResource.safeParse(text).success).toBe(false);
  });

  it("gives back any name", () => {
    const names = fc.string({ minLength: 1 });
    fc.assert(fc.property(names, (name) => toldUrn("HostReboot", `dev::web::::${name}`).name === name));
  });
});
