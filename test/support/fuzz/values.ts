import fc from "fast-check";
import { anyText } from "../arbitraries.ts";
import type { Goods, Stock } from "./stock.ts";

/** What a parameter, a header or a part of a path may be filled with. */
export interface Values {
  /** Anything at all, the canary most often. */
  readonly any: fc.Arbitrary<string>;
  /** Text with the canary in it. */
  readonly marked: fc.Arbitrary<string>;
  /** What the service handed out, unspoiled. */
  live(kind: Goods): fc.Arbitrary<string>;
}

/** Texts that some reader of text gets wrong. */
const UNUSUAL = [
  ...["", " ", "\t", "\0", "a\0b", "\x7f", "\r\nSet-Cookie: a=b", "\n\nx", "\u2028", "\ufeff", "+"],
  ...["' OR 1=1 --", "'; DROP TABLE users; --", '"', "\\", "%00", "%", "%zz", "%ff", "%E0%A4%A"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "null", "undefined", "true", "[]"],
  ...["{}", "-1", "0", "1e999", "NaN", "😀", "é", "e\u0301", "ß", "İ", "\ud800", "<b>", "a,b"],
  ...["..", "../../etc/passwd", "{{7*7}}", "%n%s", "\uf780", "\uf7ff\uf7fe", "read write", "admin"],
  ...["tga_", "tgr_", "tga_AAAA", "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "x".repeat(300)],
];

const LONG = ["x".repeat(5000), "😀".repeat(2000), "%41".repeat(3000), "a b ".repeat(2000)];

const REPLACEMENTS = "abcXYZ059-_.=+/ %\0\n\u00e9";

/** Changes one character of a text. */
function spoil(text: string, how: number, where: number): string {
  const at = where % (text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const unit = REPLACEMENTS[where % REPLACEMENTS.length] ?? "";
  const ways = [
    before + after.slice(1),
    before + unit + after,
    before + unit + after.slice(1),
    before,
    after,
    text + text,
    before + before + after,
    before + after.toUpperCase(),
    text.replace(/^tg[ar]/, (prefix) => (prefix === "tga" ? "tgr" : "tga")),
    `${text} `,
    ` ${text}`,
    `${text}=`,
  ];
  return ways[how % ways.length] ?? text;
}

const way = fc.tuple(fc.nat(1000), fc.nat(100_000));

/** A text, spoiled once. */
export function spoiled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, way).map(([whole, [how, where]]) => spoil(whole, how, where));
}

/** {@link Values} around one canary. Live ones are looked up at the moment they are generated. */
export function valuesOf(canary: string, stock: Stock): Values {
  const live = (kind: Goods) => fc.nat(30).map((back) => stock.take(kind, back));
  const marked = fc.constantFrom(
    ...[canary, `${canary}<script>`, `a ${canary}`, `"${canary}\\`, `${canary}\r\nX-${canary}: 1`],
    ...[
      canary.toUpperCase(),
      `${canary}\0`,
      `https://${canary}.example.com`,
      `${canary}=${canary}`,
    ],
    `${canary}'; DROP TABLE users; --`,
  );
  const token = fc.oneof(live("access"), live("refresh"), live("access"));
  const any = fc.oneof(
    { arbitrary: marked, weight: 12 },
    { arbitrary: fc.constantFrom(...UNUSUAL), weight: 8 },
    { arbitrary: fc.constantFrom(...LONG), weight: 1 },
    { arbitrary: anyText(12), weight: 1 },
    { arbitrary: token, weight: 2 },
    { arbitrary: spoiled(token), weight: 3 },
  );
  return { any, marked, live };
}
