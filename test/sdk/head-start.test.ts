import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { AssignableDevice } from "../../sdk";

test("the preview of several hosts begins with the resource that tells all of them, and goes on once that is checked", async () => {
  const said: string[] = [];
  pulumi.runtime.setMocks(
    {
      async newResource({ name, inputs }) {
        said.push(`${name} arrives`);
        // What follows on its heels would arrive by then.
        if (name === "first") await delay(200);
        said.push(`${name} is answered`);
        return { id: undefined, state: inputs };
      },
      call: () => ({}),
    },
    "project",
    "stack",
    true,
  );
  const nics = ["first", "second", "third"].map(
    (name) => new AssignableDevice(name, { host: { address: `${name}.example.com` }, device: "04:00.0" }),
  );
  await Promise.all(nics.map(({ urn }) => new Promise((done) => urn.apply(done))));
  expect(said.slice(0, 3)).toEqual(["first arrives", "first is answered", expect.stringMatching("arrives")]);
});
