/** Talks to the centre: JSON, evidence with the reviewer's name, and the stream that comes back by itself. */

let token = "";
try { token = sessionStorage.getItem("nutgiao.token") ?? ""; } catch { /* asked again next time */ }

export function setToken(value) {
  token = value;
  try { sessionStorage.setItem("nutgiao.token", value); } catch { /* asked again next time */ }
}

export class Refused extends Error {
  constructor(status, message, missing) { super(message); this.status = status; this.missing = missing; }
}

async function ask(path, options = {}) {
  const headers = { "X-Nutgiao": "1", ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Refused(response.status, body.error ?? response.statusText, body.missing);
  }
  return response;
}

export const getJson = async (path) => (await ask(path)).json();
export const getBlob = async (path) => (await ask(path)).blob();
const post = (path, body) => ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
export const postJson = async (path, body) => (await post(path, body)).json();

/** A file as the answer, with the name that the centre gives it. */
export async function postForFile(path, body) {
  const response = await post(path, body);
  const name = /filename="([A-Za-z0-9_.-]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "case.zip";
  return { blob: await response.blob(), name };
}

const SILENCE_MS = 4000;

/** Follows the stream for ever; `onState` gets each state, `onLink` whether the stream is alive. */
export function follow(onState, onLink) {
  let source, timer, delay = 500;
  const alive = () => {
    delay = 500;
    onLink(true);
    clearTimeout(timer);
    timer = setTimeout(again, SILENCE_MS);
  };
  const again = () => {
    source.close();
    clearTimeout(timer);
    onLink(false);
    timer = setTimeout(open, delay);
    delay = Math.min(delay * 2, 8000);
  };
  const open = () => {
    source = new EventSource("/api/stream");
    timer = setTimeout(again, SILENCE_MS);
    source.onmessage = (event) => { alive(); onState(JSON.parse(event.data)); };
    source.onerror = again;
  };
  open();
}
