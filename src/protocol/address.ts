/** Whether a text is exactly one IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  if (!text.includes(":")) {
    const bytes = text.split(".");
    return bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte) && +byte < 256);
  }
  return /^[\da-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
/** 16-bit groups of the IPv6 prefix that one subscriber has: a /64. */
const IPV6_PREFIX_GROUPS = 4;

/**
 * The part of an address that identifies a subscriber: all of IPv4, the first 64 bits of IPv6,
 * since a subscriber can use another address of its /64 for each request. An IPv4-mapped IPv6
 * address (RFC 4291 §2.5.5.2) counts as IPv4.
 *
 * @example
 * networkOf("2001:db8::1"); // "2001:db8:0:0::/64"
 *
 * @param address as the platform writes it
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = splitGroups(head);
  const last = tail === undefined ? [] : splitGroups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => "0");
  const all = tail === undefined ? groups : [...groups, ...zeros, ...last];
  const prefix = all.slice(0, IPV6_PREFIX_GROUPS).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${prefix.join(":")}::/64`;
}

function splitGroups(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
