import { setTimeout as pause } from "node:timers/promises";
import { newBrowser, serviceAt } from "../browsing.ts";

/** The user of `examples/mcp-server`. */
const USER = { username: "example", password: "example-password" };

/** What an MCP client prints or opens so that its user signs in. */
const AUTHORIZATION_URL = /https?:\/\/\S+\/o\/authorize\/\?\S+/g;

/** How often to look at a client, in milliseconds. */
const LOOK_MS = 50;

/**
 * Does what a user does in a browser: signs in, allows what the client asks for, and follows the
 * redirect to the client.
 *
 * @returns the URL that the browser ended at
 */
export async function approve({ origin, pathname, search }: URL): Promise<URL> {
  const browser = newBrowser(serviceAt(`${origin}/`));
  const page = await browser.signIn(await browser.open(pathname + search), USER);
  const { location } = page.location === null ? await browser.allow(page) : page;
  if (location === null) throw new Error(`no redirect, but ${page.text.slice(0, 2000)}`);
  return location;
}

/**
 * Approves the authorization requests of a client that prints them and listens on this machine.
 *
 * @param output what the client has printed so far
 * @param ended settles when no more requests can follow
 * @param requests how many there are
 */
export async function approveWhenAsked(
  output: () => string,
  ended: Promise<unknown>,
  requests = 1,
): Promise<void> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  ended.then(end, end);
  for (let done = 0; done < requests; await pause(LOOK_MS)) {
    const url = output().match(AUTHORIZATION_URL)?.[done];
    if (url !== undefined) {
      await call(await approve(new URL(url)));
      done += 1;
    } else if (isOver) throw new Error(`the client asked for no authorization:\n${output()}`);
  }
}

/** Calls a client, which may not listen yet. */
async function call(url: URL): Promise<void> {
  let response = await fetch(url).catch(() => null);
  while (response === null) {
    await pause(LOOK_MS);
    response = await fetch(url).catch(() => null);
  }
  if (!response.ok) throw new Error(`the client returned ${response.status}`);
}
