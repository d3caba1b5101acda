import fs from "node:fs";
import path from "node:path";
import { packageSchema } from "../../../provider/adapters/plugin/schema/package-schema";

const GOLDEN = path.join(__dirname, "testdata/schema.json");

test("the package schema is the recorded one (UPDATE_GOLDEN=1 records it)", () => {
  const schema = `${JSON.stringify(packageSchema("0.1.0"), null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === "1") fs.writeFileSync(GOLDEN, schema);
  expect(schema).toBe(fs.readFileSync(GOLDEN, "utf8"));
});
