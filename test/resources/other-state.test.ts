import { LAB } from "../plan/recorded-host";
import { type Bag, created, FakeHost, type Handlers } from "./fake-host";

const NIC = { device: "01:00.0" };
const named = (stack: string): Bag => ({
  host: { address: "xen1" },
  ...NIC,
  __provider: "",
  __resource: `${stack}::test::::under-test`,
});

async function deployed() {
  const host = new FakeHost(LAB);
  const handlers = host.handlers("AssignableDevice");
  return { host, handlers, ...(await created(handlers, NIC)) };
}

/** As the engine asks of a resource in its state: check, then diff. */
async function previewed(handlers: Handlers, id: string, outs: Bag, stack: string) {
  const { inputs, failures = [] } = await handlers.check(outs, named(stack));
  return { inputs, failures, diff: await handlers.diff(id, outs, inputs) };
}

test("a renamed stack keeps what it made, and its claim gets the new name", async () => {
  const { host, handlers, id, outs } = await deployed();
  const { inputs, failures, diff } = await previewed(handlers, id, outs, "prod");
  expect(failures).toEqual([]);
  // The engine compares the inputs then, and the name of the stack is in one of them.
  expect(diff).toEqual({ deleteBeforeReplace: true });
  const { outs: updated } = await handlers.update(id, outs, inputs);
  expect(host.facts.claims).toMatchObject([{ claim: { stack: "prod", token: outs.__claim } }]);
  expect((await previewed(handlers, id, updated, "prod")).diff).toMatchObject({ changes: false });
  await handlers.delete(id, updated);
  expect(host.facts.claims).toEqual([]);
});

test("a renamed stack destroys what it made, without an up between", async () => {
  const { host, handlers, id, outs } = await deployed();
  await handlers.delete(id, { ...outs, __resource: named("prod").__resource });
  expect(host.facts.claims).toEqual([]);
});

test("a stack of one name in two backends is told of, and the one that lost its claim does not take it back", async () => {
  const first = await deployed();
  first.host.lines.splice(0);
  const program = { preview: true, hosts: [], complete: true, declarations: [] };
  await first.handlers.check({}, { ...named("dev"), __program: JSON.stringify(program) });
  expect(first.host.lines.join()).toContain('If another backend has a stack "dev" of the project "test"');
  await created(first.handlers, NIC);
  await expect(previewed(first.handlers, first.id, first.outs, "dev")).rejects.toThrow(
    'another state of the stack "dev" of the project "test" has taken it over (as "under-test")',
  );
  await expect(first.handlers.update(first.id, first.outs, named("dev"))).rejects.toThrow("another state");
  await first.handlers.delete(first.id, first.outs);
  expect(first.host.facts.claims).toHaveLength(1);
});
