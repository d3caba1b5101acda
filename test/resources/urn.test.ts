import { parseUrn, UrnInput, urnBeside } from "../../provider/resources/urn";

describe("a URN", () => {
  it("tells the stack, the project, and the resource's name", () => {
    const text = "urn:pulumi:dev::web::pulumi-nodejs:dynamic/pci-passthrough:AssignableDevice::nic";
    expect(parseUrn(text)).toEqual({ text, stack: "dev", project: "web", parents: "", name: "nic" });
  });

  it("may name the components that the resource is in, and have a name with colons", () => {
    const text = "urn:pulumi:dev::web::my:component$pci:Passthrough$pulumi-nodejs:dynamic/x:Y::nic::of::web1";
    const urn = parseUrn(text);
    expect(urn).toMatchObject({
      stack: "dev",
      project: "web",
      parents: "my:component$pci:Passthrough",
      name: "nic::of::web1",
    });
    expect(urnBeside(urn, "pulumi-nodejs:dynamic/x:Y", urn)).toEqual(urn);
  });

  it.each(["", "nic", "urn:pulumi:dev::web::nic"])("is not %j", (text) => {
    expect(UrnInput.safeParse(text).success).toBe(false);
  });
});
