"use strict";

// tus 1.0.0: POST creates an upload, HEAD asks how much the server has, and PATCH
// sends the next slice of the file.

// SLICE is the number of bytes of one PATCH.
const SLICE = 1024 * 1024;

// TRIES is the number of failures in a row after which an upload stops.
const TRIES = 8;

// StatusError is an answer that is an error.
class StatusError extends Error {
  constructor(method, response) {
    super(`${method}: ${response.status} ${response.statusText}`);
    this.status = response.status;
    this.wait = Number(response.headers.get("Retry-After")) * 1000 || 0;
  }
}

// isTemporary tells whether the same request may succeed later. A network error
// has no status.
function isTemporary(err) {
  return !(err instanceof StatusError) || [409, 423, 429].includes(err.status) || err.status >= 500;
}

function encodeMetadata(pairs) {
  return Object.entries(pairs)
    .filter(([, value]) => value)
    .map(([key, value]) => key + " " + btoa(String.fromCharCode(...new TextEncoder().encode(value))))
    .join(",");
}

// sleep waits, unless the signal ends the wait.
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

// memory stores the URLs of unfinished uploads in the browser, so that an upload
// resumes after a reload if the same file is chosen again. A browser may forbid
// it.
const memory = {
  prefix: "tusker|",
  key(file) { return this.prefix + [file.name, file.size, file.type, file.lastModified].join("|"); },
  get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* not stored */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* not stored */ } },
  all() { try { return Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)); } catch { return []; } },
};

// Upload sends one file. onChange is called after each change of state or offset,
// onRequest after each request.
class Upload {
  state = "waiting"; // then sending, retrying or paused, and at last done or failed
  offset = 0; // bytes that the server has acknowledged
  known = false; // whether offset is what the server has now
  error = "";

  constructor(endpoint, file, onChange, onRequest) {
    Object.assign(this, { endpoint, file, onChange, onRequest });
    this.key = memory.key(file);
    this.url = memory.get(this.key)?.url;
    this.stop = new AbortController();
  }

  // run sends until the upload is done, has failed, or is paused. After a failure,
  // it asks the server for the offset again.
  async run() {
    this.stop = new AbortController();
    this.set("sending");
    for (let failures = 0; ;) {
      const before = this.offset;
      try {
        if (!this.url) await this.create();
        else if (!this.known) await this.ask();
        else if (this.offset < this.file.size) await this.send();
        if (this.offset > before) failures = 0;
        if (this.stop.signal.aborted) return this.set("paused");
        if (this.known && this.offset === this.file.size) break;
        this.set("sending");
      } catch (err) {
        this.known = false;
        if (this.stop.signal.aborted) return this.set("paused");
        failures++;
        const isGone = this.url && [404, 410].includes(err.status);
        if (failures > TRIES || !isGone && !isTemporary(err)) return this.set("failed", err.message);
        if (isGone) this.forget();
        this.set("retrying", err.message);
        await sleep(err.wait || Math.min(250 * 2 ** failures, 8000), this.stop.signal);
        if (this.stop.signal.aborted) return this.set("paused");
      }
    }
    memory.remove(this.key);
    this.set("done");
  }

  pause() { this.stop.abort(); }

  // remove deletes the upload on the server. A failure leaves an upload there
  // that nobody needs.
  async remove() {
    this.pause();
    const url = this.url;
    this.forget();
    if (url) await this.request("DELETE", url, {}).catch(() => {});
  }

  forget() {
    memory.remove(this.key);
    Object.assign(this, { url: undefined, offset: 0, known: false });
  }

  async create() {
    const response = await this.request("POST", this.endpoint, {
      "Upload-Length": this.file.size,
      "Upload-Metadata": encodeMetadata({ filename: this.file.name, filetype: this.file.type }),
    });
    // Only the path counts, because a proxy may have changed the origin.
    this.url = new URL(response.headers.get("Location"), response.url).pathname;
    Object.assign(this, { offset: 0, known: true });
    this.store();
  }

  async ask() {
    this.setOffset(await this.request("HEAD", this.url, {}));
  }

  async send() {
    const slice = this.file.slice(this.offset, this.offset + SLICE);
    this.setOffset(await this.request("PATCH", this.url, {
      "Upload-Offset": this.offset,
      "Content-Type": "application/offset+octet-stream",
    }, slice));
  }

  setOffset(response) {
    const offset = Number.parseInt(response.headers.get("Upload-Offset"), 10);
    if (!(offset >= 0 && offset <= this.file.size)) throw new Error("the server has an impossible offset");
    Object.assign(this, { offset, known: true });
    this.store();
  }

  store() { if (this.url) memory.set(this.key, { url: this.url, name: this.file.name, size: this.file.size, offset: this.offset }); }

  async request(method, url, headers, body) {
    const at = method === "PATCH" ? this.offset : null;
    try {
      const response = await fetch(url, {
        method, body, headers: { "Tus-Resumable": "1.0.0", ...headers },
        signal: method === "DELETE" ? undefined : this.stop.signal,
      });
      this.onRequest({ method, at, status: response.status, ok: response.ok, offset: response.headers.get("Upload-Offset") });
      if (!response.ok) throw new StatusError(method, response);
      return response;
    } catch (err) {
      if (err instanceof StatusError) throw err;
      const lost = this.stop.signal.aborted ? "paused" : "connection lost";
      this.onRequest({ method, at, status: lost, ok: this.stop.signal.aborted });
      throw new Error(lost);
    }
  }

  set(state, error = "") {
    Object.assign(this, { state, error });
    this.onChange(this);
  }
}
