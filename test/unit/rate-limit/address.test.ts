import fc from "fast-check";
import { expect, test } from "vitest";
import { networkOf } from "../../../src/protocol/address.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002:ffff::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:1::", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
])("%s belongs to the network %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("all addresses of a /64 are one network, in any notation, and no others are", () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });
  const written = fc.tuple(groups, fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(written, written, ([one, upper, padded], [other]) => {
      const write = (values: readonly number[]) => {
        const text = values
          .map((value) => value.toString(16).padStart(padded ? 4 : 1, "0"))
          .join(":");
        return upper ? text.toUpperCase() : text;
      };
      const mate = [...one.slice(0, 4), ...other.slice(4)];
      expect(networkOf(write(mate))).toBe(networkOf(one.map((n) => n.toString(16)).join(":")));
      const same = one.slice(0, 4).join() === other.slice(0, 4).join();
      expect(networkOf(write(one)) === networkOf(write(other))).toBe(same);
    }),
  );
});
