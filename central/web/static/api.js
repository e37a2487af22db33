/** Talks to the centre: JSON, evidence with the reviewer's name, and the stream that comes back by itself. */

let token = "";
try { token = sessionStorage.getItem("nutgiao.token") ?? ""; } catch { /* asked again next time */ }

export function setToken(value) {
  token = value;
  try { sessionStorage.setItem("nutgiao.token", value); } catch { /* asked again next time */ }
}

export class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function ask(path, options = {}) {
  const headers = { "X-Nutgiao": "1", ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Refused(response.status, body.error ?? response.statusText);
  }
  return response;
}

export const getJson = async (path) => (await ask(path)).json();
export const getBlob = async (path) => (await ask(path)).blob();
export const postJson = async (path, body) =>
  (await ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } })).json();

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
