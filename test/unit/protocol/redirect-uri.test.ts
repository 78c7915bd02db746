import { describe, expect, test } from "vitest";
import {
  addToRedirectUri,
  classifyRedirectUri,
  isRedirectPattern,
  matchesRedirectPattern,
  matchesRedirectUri,
} from "../../../src/protocol/redirect-uri.ts";

describe("a redirect URI", () => {
  test.each([
    ["https://app.example/callback", "https"],
    ["https://app.example:8443/cb?tenant=1", "https"],
    ["http://127.0.0.1/callback", "loopback"],
    ["http://[::1]:3000/callback", "loopback"],
    ["http://localhost:33418/", "loopback"],
    ["com.example.app:/callback", "custom_scheme"],
    ["cursor://anysphere.cursor-mcp/oauth/callback", "custom_scheme"],
  ])("%s is %s", (uri, kind) => {
    expect(classifyRedirectUri(uri)).toBe(kind);
  });

  test.each([
    ...["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"],
    ...["file:///etc/passwd", "blob:https://app.example/x", "about:blank"],
    ...["http://app.example/callback", "http://localhost.evil.example/", "http://127.0.0.1.evil/"],
    ...["http://127.1/", "http://2130706433/", "https:app.example/cb", "https:/app.example"],
    ...["//app.example/cb", "/cb", "", "https://app.example/cb#x", "https://user@app.example/cb"],
    ...["https://app.example@evil.example/cb", "https://app.example\\@evil.example"],
    " https://a.b",
    ...["https://app.example/c\tb", "https://app.example/ü"],
    `https://app.example/${"a".repeat(2000)}`,
  ])("%j is never allowed", (uri) => {
    expect(classifyRedirectUri(uri)).toBe(null);
  });

  const REGISTERED = "https://app.example/cb";

  test.each([
    ...["https://app.example/cb/", "https://app.example/CB", "https://APP.example/cb"],
    ...["https://app.example/cb?", "https://app.example/cb?x", "https://app.example:443/cb"],
    ...["https://app.example/cb/..;/x", "https://app.example/%63b"],
    "https://app.example/cb/%2e%2e",
    ...["https://app.example.evil.example/cb", "http://app.example/cb"],
  ])("%s is not the registered one", (uri) => {
    expect(matchesRedirectUri(REGISTERED, uri)).toBe(false);
    expect(matchesRedirectUri(REGISTERED, REGISTERED)).toBe(true);
  });

  test.each([
    ["http://127.0.0.1/callback", "http://127.0.0.1:51004/callback", true],
    ["http://localhost:33418/", "http://localhost:1/", true],
    ["http://[::1]/cb", "http://[::1]:8080/cb", true],
    ["http://127.0.0.1/callback", "http://localhost:51004/callback", false],
    ["http://127.0.0.1/callback", "http://127.0.0.1:51004/other", false],
    ["http://localhost/callback", "http://localhost:80.evil.example/callback", false],
    ["https://localhost/callback", "https://localhost:8443/callback", false],
  ])("registered as %s allows %s: %s", (registered, uri, isAllowed) => {
    expect(matchesRedirectUri(registered, uri)).toBe(isAllowed);
  });
});

describe("a redirect pattern", () => {
  const PATTERN = "https://*.app.pages.dev/callback";

  test.each([
    ["https://pr-12.app.pages.dev/callback", true],
    ["https://app.pages.dev/callback", false],
    ["https://a.b.app.pages.dev/callback", false],
    ["https://evil.example/.app.pages.dev/callback", false],
    ["https://evil.example#.app.pages.dev/callback", false],
    ["https://x@evil.app.pages.dev/callback", false],
    ["https://-.app.pages.dev/callback", false],
    ["https://.app.pages.dev/callback", false],
    ["http://x.app.pages.dev/callback", false],
  ])("allows %s: %s", (uri, isAllowed) => {
    expect(isRedirectPattern(PATTERN)).toBe(true);
    expect(matchesRedirectPattern(PATTERN, uri)).toBe(isAllowed);
  });

  test.each([
    ...["https://*.dev/callback", "https://*/callback", "https://a.*.example/cb"],
    ...["https://*.app.example/*", "*://x.app.example/cb", "https://x*.app.example/cb"],
  ])("%s is not one", (text) => {
    expect(isRedirectPattern(text)).toBe(false);
  });
});

test("parameters follow those that the URI has", () => {
  const add = (uri: string) => addToRedirectUri(uri, { code: "a b", state: null, iss: "i" });
  expect(add("https://a.example/cb")).toBe("https://a.example/cb?code=a+b&iss=i");
  expect(add("https://a.example/cb?x=%20")).toBe("https://a.example/cb?x=%20&code=a+b&iss=i");
  expect(add("app:/cb?")).toBe("app:/cb?code=a+b&iss=i");
});
