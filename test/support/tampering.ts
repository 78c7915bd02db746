const LAST_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Every string that a token becomes when one of its characters is replaced by another. */
export function* withOneCharacterReplaced(token: string): Generator<string> {
  for (let index = 0; index < token.length; index += 1) {
    const original = token.charAt(index);
    for (const other of new Set(["A", "b", "_", flipCase(original), nextCharacter(original)])) {
      if (other !== original) yield token.slice(0, index) + other + token.slice(index + 1);
    }
  }
}

/**
 * Every other spelling that a lax reader would take for the same token: other last characters,
 * padding, the other base64 alphabet, space around it.
 */
export function otherSpellings(token: string): string[] {
  const [body, last] = [token.slice(0, -1), token.slice(-1)];
  const spellings = [
    ...Array.from(LAST_CHARACTERS, (character) => body + character),
    ...["=", "==", " ", "\n", "\0", "%20", "."].map((tail) => token + tail),
    ...[" ", "\n", "Bearer ", "\ufeff"].map((head) => head + token),
    token.replaceAll("-", "+").replace(/(?<=^.{4}.*)_/g, "/"),
    token.toUpperCase(),
    token.toLowerCase(),
    token.charAt(0).toUpperCase() + token.slice(1),
    encodeURIComponent(`${token}=`),
    body + last + last,
  ];
  return spellings.filter((spelling) => spelling !== token);
}

function flipCase(character: string): string {
  const upper = character.toUpperCase();
  return upper === character ? character.toLowerCase() : upper;
}

function nextCharacter(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1);
}
