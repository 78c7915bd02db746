import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";
import { DEMO_LOGIN } from "../support/server.ts";
import { typeIntoTerminal } from "../support/terminal.ts";
import { startTlsFront, type TlsFront } from "../support/tls-front.ts";

/** The samples of the API page. */
const SAMPLES = {
  generateWithCurl:
    'curl -X POST -d "grant_type=password&username={USERNAME}&password={PASSWORD}" https://{CLIENT_ID}:{CLIENT_SECRET}@{ENV}/o/token/',
  generateWithHttpie:
    "http -v -f https://{CLIENT_ID}:{CLIENT_SECRET}@{ENV}/o/token/ grant_type=password username={USERNAME}&password={PASSWORD}",
  refreshWithCurl:
    'curl -X POST -d "grant_type=refresh_token&refresh_token={REFRESH_TOKEN}" https://{CLIENT_ID}:{CLIENT_SECRET}@{ENV}/o/token/',
  refreshWithHttpie:
    "http -v -f https://{CLIENT_ID}:{CLIENT_SECRET}@{ENV}/o/token/ grant_type=refresh_token refresh_token={REFRESH_TOKEN}",
};

/** The response of the page: these members and no other. */
const EXPECTED_ANSWER = {
  access_token: expect.stringMatching(/^[\w-]+$/),
  expires_in: 3600,
  refresh_token: expect.stringMatching(/^[\w-]+$/),
  scope: expect.stringMatching(/^read write( |$)/),
  token_type: "Bearer",
};

const EXPECTED_FAILURE = {
  error: "invalid_grant",
  error_description: "Invalid credentials given.",
};

const { url } = inject("server");
const path = ownDir();
let front: TlsFront;

function withTls(): void {
  beforeAll(async () => {
    front = await startTlsFront(url, path);
  });
  afterAll(() => front.close());
}

/** Fills in the placeholders and changes nothing else. */
function fill(sample: string, values: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    CLIENT_ID: "demo-client",
    CLIENT_SECRET: "demo-secret",
    ENV: front.host,
    USERNAME: DEMO_LOGIN.username,
    PASSWORD: DEMO_LOGIN.password,
    ...values,
  };
  return sample.replace(/\{(\w+)\}/g, (placeholder, name: string) => all[name] ?? placeholder);
}

async function bash(line: string): Promise<Record<string, string>> {
  const { stdout, stderr } = await run("bash", ["-c", line], { env: front.trust });
  expect(stdout, stderr).not.toBe("");
  return JSON.parse(stdout);
}

async function logIn(): Promise<Record<string, string>> {
  return bash(fill(SAMPLES.generateWithCurl));
}

describeWithDebian(["openssl"], "curl", () => {
  withTls();

  test("sample 1.1 gets the response of sample 3", async () => {
    expect(await logIn()).toEqual(EXPECTED_ANSWER);
  });

  test("sample 1.1 with a wrong password gets the failure of sample 3", async () => {
    const line = fill(SAMPLES.generateWithCurl, { PASSWORD: "wrong" });
    expect(await bash(line)).toEqual(EXPECTED_FAILURE);
  });

  test("sample 2.1 gets a new pair, once", async () => {
    const { refresh_token = "" } = await logIn();
    const line = fill(SAMPLES.refreshWithCurl, { REFRESH_TOKEN: refresh_token });
    const answer = await bash(line);
    expect(answer).toEqual(EXPECTED_ANSWER);
    expect(answer["refresh_token"]).not.toBe(refresh_token);
    expect(await bash(line)).toEqual({
      error: "invalid_grant",
      error_description: "The refresh token is invalid, expired, used or revoked.",
    });
  });

  test("samples 1.1 and 2.1 also work over http", async () => {
    const ENV = new URL(url).host;
    const overHttp = (sample: string) => sample.replace("https://", "http://");
    const login = await bash(fill(overHttp(SAMPLES.generateWithCurl), { ENV }));
    expect(login).toEqual(EXPECTED_ANSWER);
    const REFRESH_TOKEN = login["refresh_token"] ?? "";
    const refresh = fill(overHttp(SAMPLES.refreshWithCurl), { ENV, REFRESH_TOKEN });
    expect(await bash(refresh)).toEqual(EXPECTED_ANSWER);
  });
});

describeWithDebian(["openssl", "httpie", "bsdutils"], "HTTPie", () => {
  withTls();

  test("sample 1.2 with a space for its bare & gets the response of sample 3", async () => {
    const line = fill(SAMPLES.generateWithHttpie.replace("&", " "));
    const { status, body } = await terminal(line);
    expect(status).toBe("200 OK");
    expect(body).toEqual(EXPECTED_ANSWER);
  });

  test("sample 1.2 as printed loses its password to the shell, and gets that error", async () => {
    const line = `${fill(SAMPLES.generateWithHttpie)}\nwait; echo "password is $password"`;
    const { status, body, shown } = await terminal(line);
    expect(status).toBe("400 Bad Request");
    expect(body).toEqual({
      error: "invalid_request",
      error_description: "Request is missing password parameter.",
    });
    expect(shown).toContain(`password is ${DEMO_LOGIN.password}`);
  });

  test("sample 1.2 with a wrong password gets the failure of sample 3", async () => {
    const line = fill(SAMPLES.generateWithHttpie.replace("&", " "), { PASSWORD: "wrong" });
    const { status, body } = await terminal(line);
    expect(status).toBe("400 Bad Request");
    expect(body).toEqual(EXPECTED_FAILURE);
  });

  test("sample 2.2 gets a new pair", async () => {
    const { refresh_token = "" } = await logIn();
    const line = fill(SAMPLES.refreshWithHttpie, { REFRESH_TOKEN: refresh_token });
    const { status, body } = await terminal(line);
    expect(status).toBe("200 OK");
    expect(body).toEqual(EXPECTED_ANSWER);
  });

  async function terminal(line: string) {
    const shown = await typeIntoTerminal(line, front.trust);
    const body = /^\{\n.*?^\}/ms.exec(shown)?.[0] ?? "null";
    return { shown, status: /^HTTP\/1\.1 (.+)$/m.exec(shown)?.[1], body: JSON.parse(body) };
  }
});
