import fc from "fast-check";

const codePoint = fc.oneof(
  { arbitrary: fc.integer({ min: 0x20, max: 0x7e }), weight: 4 },
  fc.constantFrom(0, 0x1f, 0x7f, 0x80, 0x7ff, 0x800, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x10ffff),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
);

/**
 * Text of any characters that UTF-8 can spell, control characters included. (fast-check's own
 * units are slow to build in workerd.)
 */
export function anyText(maxLength = 40): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint.map((code) => String.fromCodePoint(code)), maxLength });
}
