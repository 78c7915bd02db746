import { expect, test } from "vitest";
import { problemOfPublicUrl } from "../../../src/protocol/public-url.ts";

const problemOf = (url: string) => problemOfPublicUrl(url, "login.example.com");

test.each([
  "https://claude.ai/oauth/claude-code-client-metadata",
  "https://chatgpt.com/oauth/client.json",
  "https://vscode.dev/oauth/client-metadata.json",
  "https://client.example:8443/client.json",
  "https://client.example/client?version=2",
  "https://client.example/client/",
  "https://xn--bcher-kva.example/client.json",
  "https://localhost.client.example/client",
  "https://127.0.0.1.client.example/client",
  "https://client.example/%41",
])("%s may be fetched", (url) => {
  expect(problemOf(url)).toBeNull();
});

const ADDRESS = "has an address instead of a name";
const LOCAL = "has a host of a local network";

test.each([
  ["no URL", "client", "is not a URL"],
  ["http", "http://client.example/client", "is not https"],
  ["a scheme of an app", "com.example.app:/client", "is not https"],
  ["no path", "https://client.example", "has no path"],
  ["an empty path", "https://client.example/", "has no path"],
  ["an empty path with a query", "https://client.example/?a", "has no path"],
  ["a fragment", "https://client.example/c#a", "has a fragment"],
  ["an empty fragment", "https://client.example/c#", "has a fragment"],
  ["a user name", "https://claude.ai@client.example/c", "has a user name or a password"],
  ["a password", "https://:secret@client.example/c", "has a user name or a password"],
  ["too many characters", `https://client.example/${"a".repeat(1002)}`, /longer than 1024/],
  ["a dot segment", "https://client.example/./c", /normalised/],
  ["two dots", "https://client.example/a/../c", /normalised/],
  ["encoded dots", "https://client.example/a/%2E%2e/c", /normalised/],
  ["a backslash", "https://client.example\\c", /normalised/],
  ["a tab", "https://client.example/\tc", /normalised/],
  ["white space", " https://client.example/c", /normalised/],
  ["capitals in the host", "https://Client.example/c", /normalised/],
  ["the default port", "https://client.example:443/c", /normalised/],
  ["letters that are not ASCII", "https://client.example/ü", /normalised/],
  ["a host that is not ASCII", "https://bücher.example/c", /normalised/],
  ["an empty user name", "https://@client.example/c", /normalised/],
  ["one slash", "https:/client.example/c", /normalised/],
  ["IPv4", "https://127.0.0.1/c", ADDRESS],
  ["IPv4 of the metadata service of a cloud", "https://169.254.169.254/latest/meta-data", ADDRESS],
  ["a public IPv4", "https://8.8.8.8/c", ADDRESS],
  ["IPv4 with a port", "https://10.0.0.1:8443/c", ADDRESS],
  ["IPv4 as one number", "https://2130706433/c", /normalised/],
  ["IPv4 in hexadecimal", "https://0x7f000001/c", /normalised/],
  ["IPv4 in hexadecimal parts", "https://0x7f.0.0.1/c", /normalised/],
  ["IPv4 in octal", "https://0177.0.0.1/c", /normalised/],
  ["short IPv4", "https://127.1/c", /normalised/],
  ["IPv4 in wide digits", "https://１２７.0.0.1/c", /normalised/],
  ["IPv4 with a dot", "https://127.0.0.1./c", /normalised/],
  ["an impossible IPv4", "https://1.2.3.400/c", "is not a URL"],
  ["IPv6", "https://[::1]/c", ADDRESS],
  ["a public IPv6", "https://[2606:4700::1111]/c", ADDRESS],
  ["IPv4 in IPv6", "https://[::ffff:7f00:1]/c", ADDRESS],
  ["IPv4 in IPv6, with dots", "https://[::ffff:127.0.0.1]/c", /normalised/],
  ["localhost", "https://localhost/c", LOCAL],
  ["localhost with a port", "https://localhost:8443/c", LOCAL],
  ["a name under localhost", "https://app.localhost/c", LOCAL],
  ["localhost with a dot", "https://localhost./c", "has a host that ends with a dot"],
  ["a name with a dot", "https://client.example./c", "has a host that ends with a dot"],
  ["one label", "https://intranet/c", LOCAL],
  ["mDNS", "https://printer.local/c", LOCAL],
  ["an internal name", "https://metadata.google.internal/c", LOCAL],
  ["a home network", "https://router.home.arpa/c", LOCAL],
  ["a local area network", "https://nas.lan/c", LOCAL],
  ["the service itself", "https://login.example.com/o/authorize/", "has the host of this service"],
  ["another port of it", "https://login.example.com:8443/c", "has the host of this service"],
])("%s is rejected", (_, url, problem) => {
  expect(problemOf(url)).toMatch(problem);
});

test("the host of this service may have a port", () => {
  const own = "login.example.com:8443";
  expect(problemOfPublicUrl("https://login.example.com:8443/c", own)).toMatch("this service");
});
