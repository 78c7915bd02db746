import { sha256, toBase64 } from "../crypto/bytes.ts";

/** Whose service it is. */
export interface Brand {
  readonly name: string;
  /** A `data:` URI, or a path of the same origin. Null: the name is shown instead. */
  readonly logo: string | null;
  /** Follows the stylesheet of all pages. Null: the default colour. */
  readonly style: BrandStyle | null;
}

/** A stylesheet, with its hash for the policy: that allows no `style` attribute. */
interface BrandStyle {
  readonly css: string;
  readonly hash: string;
}

/** Composes a brand, once for an isolate. @param color of the main buttons, as `#rrggbb` */
export async function createBrand(settings: {
  readonly name: string;
  readonly logo: string | null;
  readonly color: string | null;
}): Promise<Brand> {
  const { name, logo, color } = settings;
  return { name, logo, style: color === null ? null : await createStyle(color) };
}

async function createStyle(color: string): Promise<BrandStyle> {
  if (!/^#[0-9a-f]{6}$/i.test(color)) throw new RangeError(`Invalid colour: ${color}`);
  const css = `:root{--accent:${color};--on-accent:${textColorOn(color)}}`;
  return { css, hash: `sha256-${toBase64(await sha256(css))}` };
}

/** Black or white, whichever has the higher contrast: at least 4.58 to 1 on any colour. */
function textColorOn(color: string): "#000" | "#fff" {
  // Where black and white have the same contrast, (L + 0.05) / 0.05 = 1.05 / (L + 0.05).
  return luminance(color) > Math.sqrt(1.05 * 0.05) - 0.05 ? "#000" : "#fff";
}

/** Relative luminance (WCAG 2.2). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
