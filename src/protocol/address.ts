/** Whether a text is one IPv4 or IPv6 address, and nothing else. */
export function isAddress(text: string): boolean {
  if (!text.includes(":")) {
    const bytes = text.split(".");
    return bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte) && +byte < 256);
  }
  return /^[\da-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
