/** Tries the API of the service that served this page. It calls no other host. */

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const credentials = document.getElementById("credentials");
const problem = document.getElementById("problem");

const DEMO = { client_id: "demo-client", client_secret: "demo-secret" };
const DEMO_USER = { username: "demo", password: "demo-password" };
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/** `PATH_PREFIX` of this deployment; the document has `/o`. */
let prefix = "/o";

async function begin() {
  // On a local service only: a deployment has no demo client.
  if (LOCAL.test(location.hostname)) fill(DEMO, DEMO_USER);
  for (const form of all("form[data-path]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
    form.addEventListener("input", () => showCurl(form));
    form.querySelector("[data-copy]").addEventListener("click", () => copy(form));
  }
  credentials.addEventListener("submit", (event) => event.preventDefault());
  credentials.addEventListener("input", showAllCurls);
  await adapt();
  if (LOCAL.test(location.hostname)) endSignIn();
  showAllCurls();
}

/** The link of `npm start` ends here: shows how to exchange the code that it brought. */
function endSignIn() {
  const { code, error } = Object.fromEntries(new URLSearchParams(location.search));
  if (code === undefined && error === undefined) return;
  const example = document.querySelector('[data-example="authorization_code"]');
  const form = example.querySelector("form");
  fill({ code: code ?? "", redirect_uri: location.origin + location.pathname });
  // Otherwise a reload would bring the code again, and it works once.
  history.replaceState(null, "", location.pathname);
  example.open = true;
  if (error === undefined) {
    showText(
      form,
      "good",
      "Signed in",
      "Send exchanges the code for tokens. By default it expires after 60 seconds.",
    );
  } else showText(form, "bad", error, "The sign-in returned no code.");
  form.querySelector("button").focus();
}

/** Hides what this deployment does not support. */
async function adapt() {
  try {
    const metadata = await getJson("/.well-known/oauth-authorization-server");
    if (location.protocol === "http:" && metadata.error === "invalid_request") {
      // A deployed service rejects http. Switch before the user can type a password.
      location.protocol = "https:";
      return;
    }
    const { management } = await getJson("/");
    for (const group of all('[data-group="management"]')) group.hidden = management === undefined;
    prefix = new URL(metadata.token_endpoint).pathname.replace(/\/token\/?$/, "");
    for (const code of all("code[data-path]")) code.textContent = here(code.textContent);
    for (const code of all("[data-scopes]")) code.textContent = metadata.scopes_supported.join(" ");
    for (const example of all("[data-example]")) {
      example.hidden = !metadata.grant_types_supported.includes(example.dataset.example);
    }
  } catch (error) {
    problem.hidden = false;
    problem.textContent = `The service did not respond (${error.message}). Reload this page.`;
  }
}

async function getJson(path) {
  const headers = { Accept: "application/json" };
  return (await fetch(path, { headers })).json();
}

const here = (path) => path.replace(/^\/o\//, `${prefix}/`).replace(/\/o$/, prefix);

/** Fills in the inputs of these names on the whole page. */
function fill(...values) {
  for (const [name, value] of values.flatMap(Object.entries)) {
    for (const input of all(`input[name="${name}"]`)) input.value = value;
  }
}

/** The request that a form sends. */
function requestOf(form) {
  const { method, path, auth, json } = form.dataset;
  const { client_id, client_secret, access_token } = Object.fromEntries(new FormData(credentials));
  const headers = { Accept: "application/json" };
  const body = new URLSearchParams();
  const query = new URLSearchParams();
  let url = here(path);
  for (const { name, value, dataset } of all("input[name]", form)) {
    if (dataset.in === "path") url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") (dataset.in === "query" ? query : body).set(name, value);
  }
  const schemes = auth.split(" ");
  if (schemes.includes("client") && client_secret !== "") {
    headers.Authorization = `Basic ${basic(client_id, client_secret)}`;
  } else if (schemes.includes("client") && client_id !== "" && method === "post") {
    body.set("client_id", client_id);
  } else if (/bearer|management/.test(auth) && access_token !== "") {
    headers.Authorization = `Bearer ${access_token}`;
  }
  const text = json === "true" ? form.elements.json?.value : String(body);
  if (text !== undefined && json === "true") headers["Content-Type"] = "application/json";
  if (String(query) !== "") url += `?${query}`;
  return { method: method.toUpperCase(), url, headers, body: method === "get" ? undefined : text };
}

/** RFC 6749 §2.3.1: form-encoded, then base64. */
function basic(id, secret) {
  const encode = (text) => new URLSearchParams({ "": text }).toString().slice(1);
  return btoa(`${encode(id)}:${encode(secret)}`);
}

async function send(form) {
  const { method, url, headers, body } = requestOf(form);
  const button = form.querySelector("button");
  button.disabled = true;
  form.querySelector(".result").replaceChildren();
  try {
    const type = { "Content-Type": "application/x-www-form-urlencoded" };
    const response = await fetch(url, {
      method,
      // Browsers send no Sec-Fetch headers over plain http; this one identifies the page instead.
      headers: { ...(body ? type : {}), ...headers, "X-Requested-With": "fetch" },
      ...(body ? { body } : {}),
    });
    const text = await response.text();
    showResult(form, response, text);
    if (response.ok) keepTokens(text);
  } catch (error) {
    showText(form, "bad", `No response: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

/** Fills in the issued tokens for the next request. */
function keepTokens(text) {
  if (!text.includes('"access_token"')) return;
  const { access_token, refresh_token } = JSON.parse(text);
  fill({ access_token, token: access_token });
  if (refresh_token !== undefined) fill({ refresh_token });
  showAllCurls();
}

function showResult(form, response, text) {
  const line = `${response.status} ${response.statusText}`.trim();
  const id = response.headers.get("X-Request-Id");
  const retry = response.headers.get("Retry-After");
  const notes = [id && `request ${id}`, retry && `try again in ${retry} s`];
  showText(
    form,
    response.ok ? "good" : "bad",
    line,
    notes.filter(Boolean).join(" · "),
    pretty(text),
  );
}

function showText(form, kind, line, note = "", body = "") {
  const result = form.querySelector(".result");
  const status = Object.assign(document.createElement("span"), {
    className: `status ${kind}`,
    textContent: line,
  });
  const pre = Object.assign(document.createElement("pre"), { textContent: body, tabIndex: 0 });
  pre.setAttribute("aria-label", "Body of the response");
  result.replaceChildren(status, ` ${note}`, ...(body === "" ? [] : [pre]));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The copied line contains the secret, as it has to; the page shows dots instead. */
function curlOf(form, shown) {
  const { method, url, headers, body } = requestOf(form);
  const { client_id, client_secret } = Object.fromEntries(new FormData(credentials));
  const words = ["curl"];
  if (headers.Authorization?.startsWith("Basic ")) {
    words.push("-u", quote(`${client_id}:${shown ? "•".repeat(8) : client_secret}`));
  } else if (headers.Authorization !== undefined) {
    words.push("-H", quote(`Authorization: ${headers.Authorization}`));
  }
  if (headers["Content-Type"]) words.push("-H", quote(`Content-Type: ${headers["Content-Type"]}`));
  if (body) words.push("-d", quote(body));
  if (!["GET", body ? "POST" : ""].includes(method)) words.push("-X", method);
  return [...words, quote(location.origin + url)].join(" ");
}

const quote = (text) => (/^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function showCurl(form) {
  form.querySelector(".curl").textContent = curlOf(form, true);
}

function showAllCurls() {
  for (const form of all("form[data-path]")) showCurl(form);
}

async function copy(form) {
  const button = form.querySelector("[data-copy]");
  const name = button.textContent;
  await navigator.clipboard.writeText(curlOf(form, false));
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = name;
  }, 1500);
}

await begin();
